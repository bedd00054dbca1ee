"""Layouts: one file each, which defines `LAYOUT`, a `Layout`. No torch at import."""

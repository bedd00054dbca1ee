"""Balancing methods: one file each, which defines `METHOD`. No torch at import."""

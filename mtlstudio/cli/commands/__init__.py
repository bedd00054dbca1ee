"""The commands: one file each, which defines `COMMAND`. No torch and no Qt at import."""

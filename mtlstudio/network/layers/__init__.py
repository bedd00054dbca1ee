"""Layer types: one file per family; each defines `TYPES`, a tuple of `LayerType`. No torch at import."""

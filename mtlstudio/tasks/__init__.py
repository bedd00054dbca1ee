"""Task types: one file each, with all that a type needs. Declarations import no torch."""

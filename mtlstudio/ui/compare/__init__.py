"""The window's room: compare."""

"""The window's room: design."""

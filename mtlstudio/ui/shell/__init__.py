"""The window's room: shell."""

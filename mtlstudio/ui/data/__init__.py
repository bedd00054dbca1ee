"""The window's room: data."""

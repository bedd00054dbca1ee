"""The window's room: inspect."""

"""The window's room: train."""

"""Painting of the sharing grid with QPainter, from a `Scene` and a `Picture`."""

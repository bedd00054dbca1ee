"""Samples from disk: layouts, reading, transforms, loading, statistics, the sample scenes."""

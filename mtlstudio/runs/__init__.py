"""The run folder: events, record, read, follow, compare. Knows no torch."""

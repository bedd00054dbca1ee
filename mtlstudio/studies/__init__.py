"""Groups of runs."""

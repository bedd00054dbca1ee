"""Training: the trainer and what it needs. Yields events; knows no Qt and prints nothing."""

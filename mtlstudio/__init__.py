"""MTL Studio: design, train and understand multi-task convolutional networks."""

__version__ = "0.1.0"

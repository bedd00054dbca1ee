"""Parameters that several layer types share, declared once."""

from __future__ import annotations

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark

NORMS = {
    "none": mark("None"),
    "batch": mark("Batch"),
    "group": mark("Group"),
    "instance": mark("Instance"),
    "layer": mark("Layer"),
}
ACTIVATIONS = {
    "none": mark("None"),
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "hardswish": "Hardswish",
    "sigmoid": mark("Sigmoid"),
    "tanh": "Tanh",
}


def out_channels(default: int = 64) -> Parameter:
    """Number of output channels."""
    return Parameter(
        "out_channels", "int", default, mark("Out channels"), mark("Feature maps that it gives."),
        minimum=1, maximum=8192, step=8,
    )  # fmt: skip


def kernel_size(default: int = 3, maximum: int = 63) -> Parameter:
    """Side of the kernel."""
    return Parameter(
        "kernel_size", "int", default, mark("Kernel"), mark("Side of its window, in pixels of its input."),
        minimum=1, maximum=maximum,
    )  # fmt: skip


def stride(default: int = 1) -> Parameter:
    """Step of the window."""
    return Parameter(
        "stride", "int", default, mark("Stride"), mark("Height and width are divided by it."), minimum=1, maximum=32
    )


def dilation() -> Parameter:
    """Spacing of the window's pixels."""
    return Parameter(
        "dilation", "int", 1, mark("Dilation"), mark("Spacing of the window's pixels; a wider view at no cost."),
        minimum=1, maximum=64,
    )  # fmt: skip


def norm(default: str = "batch") -> Parameter:
    """Normalisation."""
    return Parameter(
        "norm", "choice", default, mark("Norm"), mark("Normalisation after it; group norm suits small batches."),
        choices=NORMS,
    )  # fmt: skip


def activation(default: str = "relu") -> Parameter:
    """Activation function."""
    return Parameter(
        "activation", "choice", default, mark("Activation"), mark("Function applied to each value at the end."),
        choices=ACTIVATIONS,
    )  # fmt: skip


def rate(name: str, default: float, label: str, help: str) -> Parameter:
    """A probability below 1."""
    return Parameter(name, "float", default, label, help, minimum=0.0, maximum=0.95, step=0.05)

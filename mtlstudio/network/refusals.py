"""Why a layer or an output cannot work, in plain words: every code of the network room with its sentence.

What is wrong with the network as a graph has its codes in `mtlstudio.project.check_network`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.network.interface import Shape
from mtlstudio.project.problems import declare, declared

# Declarations.

UNKNOWN_LAYER_TYPE = declare(
    "network.unknown_layer_type",
    mark("“{layer}” is of the layer type {type!r}, which is not there."),
    mark("The project may come from a newer version, or the name is misspelt."),
)
WRONG_PARAMETER = declare(
    "network.wrong_parameter",
    mark("“{layer}”: {parameter} cannot be {value}."),
    mark("Expected: {expected}."),
)
UNKNOWN_PARAMETER = declare(
    "network.unknown_parameter", mark("“{layer}” has no parameter {parameter!r}."), mark("Known: {known}.")
)
UNKNOWN_TASK_TYPE = declare(
    "network.unknown_task_type",
    mark("“{task}” is of the task type {type!r}, which is not there."),
    mark("The project may come from a newer version, or the name is misspelt."),
)

# Connections.

UNKNOWN_INPUT_PORT = declare(
    "network.unknown_input_port", mark("“{layer}” has no input {port!r}."), mark("Known: {known}.")
)
UNKNOWN_OUTPUT_PORT = declare(
    "network.unknown_output_port", mark("“{source}” has no output {port!r}."), mark("Known: {known}.")
)
NOT_CONNECTED = declare(
    "network.not_connected", mark("Nothing leads into “{layer}” at {port!r}."), mark("Connect a layer to it.")
)
BYPASSED_INPUT = declare(
    "network.bypassed_input",
    mark("“{layer}” brings the pictures in and cannot be bypassed."),
    mark("Switch it on again."),
)

# Shapes.

NEEDS_MAP = declare(
    "network.needs_map",
    mark("“{layer}” needs maps (channels × height × width), but gets features of shape {features}."),
    mark("Move it to where there are maps, before they are pooled or read as a sequence."),
)
NEEDS_VECTOR = declare(
    "network.needs_vector",
    mark("“{layer}” needs a vector, but gets features of shape {shape}."),
    mark("Put a global pool or a flatten layer before it."),
)
NEEDS_SEQUENCE = declare(
    "network.needs_sequence",
    mark("“{layer}” needs a sequence (channels × steps), but gets features of shape {shape}."),
    mark("Put a layer before it that reads maps from left to right."),
)
KERNEL_TOO_LARGE = declare(
    "network.kernel_too_large",
    mark("The kernel of “{layer}” covers {kernel} pixels, but its input has only {size}."),
    mark("Use a smaller kernel, or fewer strides before it."),
)
GROUPS = declare(
    "network.groups",
    mark("“{layer}”: {channels} channels cannot be divided into {groups} groups."),
    mark("Choose groups that divide the input's {in_channels} and the output's {out_channels} channels."),
)
EVEN_KERNEL = declare(
    "network.even_kernel",
    mark("“{layer}” cannot keep the size with an even kernel of {kernel} and stride {stride}."),
    mark("Use an odd kernel, or stride 2."),
)
PADDING_TOO_LARGE = declare(
    "network.padding_too_large",
    mark("“{layer}”: padding {padding} is more than half of the kernel of {kernel}."),
    mark("Use a padding of at most {largest}."),
)
NORM_OF_ONE = declare(
    "network.norm_of_one",
    mark("The instance norm of “{layer}” has a single value per channel to work with."),
    mark("Use batch, group or layer norm."),
)
SHAPES_DIFFER = declare(
    "network.shapes_differ",
    mark("“{layer}” takes inputs of the same shape, but gets {shapes}."),
    mark("Bring them to the same shape, or concatenate them."),
)
LANES_DIFFER = declare(
    "network.lanes_differ",
    mark("“{layer}” mixes the features of tasks, which must be of the same shape, but gets {shapes}."),
    mark("Give the layers before it the same channels and strides for all tasks."),
)
SIZES_DIFFER = declare(
    "network.sizes_differ",
    mark("“{layer}” joins maps or sequences of different size: {shapes}."),
    mark("Bring the smaller ones to the size of the largest."),
)
MIXED_INPUTS = declare(
    "network.mixed_inputs",
    mark("“{layer}” gets features of different kinds together: {shapes}."),
    mark("Pool maps and sequences first, or join the vectors elsewhere."),
)
TOO_SMALL = declare(
    "network.too_small",
    mark("“{layer}” needs maps of at least {smallest} pixels a side, but gets {size}."),
    mark("Use larger pictures, or feed it earlier in the network."),
)
NOT_DIVISIBLE = declare(
    "network.not_divisible",
    mark("“{layer}” needs maps whose sides are multiples of {divisor}, but gets {size}."),
    mark("Use pictures of {fits} pixels a side."),
)
CHANNELS_FOR_WEIGHTS = declare(
    "network.channels_for_weights",
    mark("The trained weights of “{layer}” expect {expected} channels, but its input has {found}."),
    mark("Feed it pictures of {expected} channels, or start it at random."),
)
NO_WEIGHTS_FILE = declare(
    "network.no_weights_file",
    mark("“{layer}” starts from a file, but none is chosen."),
    mark("Choose a .pth or .safetensors file, or start it at random."),
)
REFUSED = declare("network.refused", mark("“{layer}”: {reason}"))
CANNOT_BUILD = declare(
    "network.cannot_build", mark("“{layer}” cannot work: {reason}."), mark("Change its parameters or its input.")
)

# Outputs.

HEAD_WITHOUT_TASK = declare(
    "network.head_without_task",
    mark("“{layer}” gives no task's output, so its number of channels is unknown."),
    mark("Make it the output of a task, or delete it."),
)
OUTPUT_NEEDS_VECTOR = declare(
    "network.output_needs_vector",
    mark("“{task}” needs a vector of {channels}, but “{layer}” gives features of shape {shape}."),
    mark("End its way with a global pool and a vector head."),
)
OUTPUT_NEEDS_MAP = declare(
    "network.output_needs_map",
    mark("“{task}” needs {channels} maps, but “{layer}” gives features of shape {features}."),
    mark("End its way with a map head, before any pooling."),
)
OUTPUT_NEEDS_SEQUENCE = declare(
    "network.output_needs_sequence",
    mark(
        "“{task}” needs {channels} values for each step of a sequence, but “{layer}” gives features of shape {shape}."
    ),
    mark("End its way with a sequence head, before any pooling."),
)
OUTPUT_CHANNELS = declare(
    "network.output_channels",
    mark("“{task}” needs {channels} output channels, but “{layer}” gives {found}."),
    mark("End its way with a head: it takes its channels from the task."),
)
OUTPUT_SIZE = declare(
    "network.output_size",
    mark("“{task}” needs maps of {size} × {size}, but “{layer}” gives {found}."),
    mark("End its way with a map head: it brings maps to the picture's size."),
)
OUTPUT_STEPS = declare(
    "network.output_steps",
    mark("“{task}” may have {least} symbols, but “{layer}” gives only {found} steps."),
    mark("Read it where maps are wider, use larger pictures, or lower the task's largest length."),
)


class Refusal(StudioError):
    """A layer's reason not to work, as a declared code with its values.

    Args:
        code: one of this module's.
        mend: id of an edit that mends it (`mtlstudio.network.mends`), or "".
        values: fill the sentence; the layer's name is added by who knows it.
    """

    def __init__(self, code: str, /, mend: str = "", **values: Any) -> None:
        message, fix = declared()[code]
        super().__init__(message, fix=fix, **{"layer": "…", **values})
        self.code, self.mend = code, mend

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (self.code, self.mend, self.values))


def _rebuild(code: str, mend: str, values: dict[str, Any]) -> Refusal:
    return Refusal(code, mend, **values)


def words(shape: Shape) -> str:
    """A shape as a person writes it: `64 × 32 × 32`."""
    return " × ".join(str(size) for size in shape)


def need_map(shape: Shape) -> None:
    """Refuses everything but a map (C, H, W)."""
    if len(shape) != 3:
        raise Refusal(NEEDS_MAP, features=words(shape))


def need_vector(shape: Shape, few: int = 16) -> None:
    """Refuses everything but a vector (C,). Up to `few` places may be flattened, which keeps where things are."""
    if len(shape) != 1:
        mend = "insert_flatten" if prod(shape[1:]) <= few else "insert_global_pool"
        raise Refusal(NEEDS_VECTOR, mend, shape=words(shape))


def need_sequence(shape: Shape) -> None:
    """Refuses everything but a sequence (C, T)."""
    if len(shape) != 2:
        raise Refusal(NEEDS_SEQUENCE, "insert_to_sequence" if len(shape) == 3 else "", shape=words(shape))


def need_kernel_fits(shape: Shape, kernel_size: int, dilation: int = 1, padding: int = 0) -> None:
    """Refuses a kernel that is larger than the padded map (C, H, W)."""
    covered = dilation * (kernel_size - 1) + 1
    smallest = min(shape[1:])
    if covered > smallest + 2 * padding:
        raise Refusal(KERNEL_TOO_LARGE, kernel=covered, size=smallest)


def need_norm_fits(norm: str, shape: Shape) -> None:
    """Refuses instance norm on an output (C, 1, 1) or (C,), where nothing would be left of it."""
    if norm == "instance" and prod(shape[1:]) == 1:
        raise Refusal(NORM_OF_ONE)


def need_same_size(shapes: Sequence[Shape], mend: str = "") -> None:
    """Refuses maps of different heights or widths, and maps mixed with vectors."""
    listed = ", ".join(words(shape) for shape in shapes)
    if len({len(shape) for shape in shapes}) > 1:
        raise Refusal(MIXED_INPUTS, shapes=listed)
    if len({shape[1:] for shape in shapes}) > 1:
        raise Refusal(SIZES_DIFFER, mend, shapes=listed)

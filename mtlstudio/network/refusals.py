"""Why a layer or an output cannot work, in plain words: every code of the network room with its sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.network.interface import Shape
from mtlstudio.project.problems import declare, declared

NEEDS_MAP = declare(
    "network.needs_map",
    mark("needs a map (channels, height, width), but gets a vector of {features}"),
    mark("Put it before the pooling, or pool later."),
)
NEEDS_VECTOR = declare(
    "network.needs_vector",
    mark("needs a vector, but gets a map of {shape}"),
    mark("Put a global pool or a flatten layer before it."),
)
KERNEL_TOO_LARGE = declare(
    "network.kernel_too_large",
    mark("its kernel covers {kernel} pixels, but its input has only {size}"),
    mark("Use a smaller kernel, or fewer strides before it."),
)
NO_SUCH_DIVISION = declare(
    "network.groups",
    mark("{channels} channels cannot be divided into {groups} groups"),
    mark("Choose groups that divide both the input's {in_channels} and the output's {out_channels} channels."),
)
EVEN_KERNEL = declare(
    "network.even_kernel",
    mark("an even kernel of {kernel} with stride {stride} has no middle to keep the size with"),
    mark("Use an odd kernel, or stride 2."),
)
PADDING_TOO_LARGE = declare(
    "network.padding_too_large",
    mark("padding {padding} is more than half of the kernel of {kernel}"),
    mark("Use a padding of at most {largest}."),
)
NORM_OF_ONE = declare(
    "network.norm_of_one",
    mark("instance norm needs more than one value per channel, but its map has a single pixel"),
    mark("Use batch, group or layer norm."),
)
SHAPES_DIFFER = declare(
    "network.shapes_differ",
    mark("its inputs differ: {shapes}"),
    mark("Bring them to the same shape first."),
)
SIZES_DIFFER = declare(
    "network.sizes_differ",
    mark("its inputs differ in height or width: {shapes}"),
    mark("Bring the smaller one to the size of the other first."),
)
MIXED_INPUTS = declare(
    "network.mixed_inputs",
    mark("it gets maps and vectors together: {shapes}"),
    mark("Pool the maps first, or join the vectors elsewhere."),
)
UNKNOWN_INPUT = declare(
    "network.unknown_input",
    mark("the project has no input {input}"),
    mark("Known: {known}."),
)
HEAD_WITHOUT_TASK = declare(
    "network.head_without_task",
    mark("it gives no task's output, so its number of outputs is unknown"),
    mark("Make it the output of a task, or delete it."),
)
CHANNELS_FOR_WEIGHTS = declare(
    "network.channels_for_weights",
    mark("its trained weights expect {expected} channels, but its input has {found}"),
    mark("Feed it pictures of {expected} channels, or start it at random."),
)
TOO_SMALL = declare(
    "network.too_small",
    mark("its input of {size} pixels is too small for stride {stride}"),
    mark("Use larger pictures, or take the backbone's input earlier in the network."),
)
NO_WEIGHTS_FILE = declare(
    "network.no_weights_file",
    mark("no weights file is chosen"),
    mark("Choose a .pth or .safetensors file, or start it at random."),
)
UNKNOWN_LAYER_TYPE = declare(
    "network.unknown_layer_type",
    mark("there is no layer type {type}"),
    mark("The project may come from a newer version, or the name is misspelt."),
)
WRONG_PARAMETER = declare(
    "network.wrong_parameter", mark("{parameter} cannot be {value}"), mark("Expected: {expected}.")
)
UNKNOWN_PARAMETER = declare(
    "network.unknown_parameter", mark("it has no parameter {parameter}"), mark("Known: {known}.")
)
UNKNOWN_INPUT_PORT = declare("network.unknown_input_port", mark("it has no input {port}"), mark("Known: {known}."))
UNKNOWN_OUTPUT_PORT = declare(
    "network.unknown_output_port", mark("{source} has no output {port}"), mark("Known: {known}.")
)
NOT_CONNECTED = declare(
    "network.not_connected", mark("its input {port} is not connected"), mark("Connect a layer to it, or delete it.")
)
TOO_MANY_CONNECTIONS = declare(
    "network.too_many_connections",
    mark("{count} connections end at its input {port}, which takes one"),
    mark("Join them with an add or concatenate layer."),
)
BYPASSED_INPUT = declare(
    "network.bypassed_input",
    mark("an input cannot be bypassed: there is nothing to let through"),
    mark("Switch it on."),
)
UNKNOWN_TASK_TYPE = declare(
    "network.unknown_task_type",
    mark("there is no task type {type}"),
    mark("The project may come from a newer version, or the name is misspelt."),
)
OUTPUT_NEEDS_VECTOR = declare(
    "network.output_needs_vector",
    mark("{task} needs a vector of {channels}, but gets a map of {shape}"),
    mark("End its branch with a global pool and a vector head."),
)
OUTPUT_NEEDS_MAP = declare(
    "network.output_needs_map",
    mark("{task} needs a map of {channels} channels, but gets a vector of {features}"),
    mark("End its branch with a map head."),
)
OUTPUT_CHANNELS = declare(
    "network.output_channels",
    mark("{task} needs {channels} output channels, but gets {found}"),
    mark("End its branch with a head: it takes its channels from the task."),
)
OUTPUT_SIZE = declare(
    "network.output_size",
    mark("{task} needs a map of {size} × {size}, but gets {found}"),
    mark("End its branch with a map head: it brings the map to the picture's size."),
)
REFUSED = declare("network.refused", mark("{reason}"))
CANNOT_BUILD = declare("network.cannot_build", mark("it cannot be built: {reason}"))


class Refusal(StudioError):
    """A layer's reason not to work, as a declared code with its values.

    Attributes:
        code: one of this module's.
        mend: id of an edit that mends it (`mtlstudio.network.mends`), or "".
    """

    def __init__(self, code: str, /, mend: str = "", **values: Any) -> None:
        message, fix = declared()[code]
        super().__init__(message, fix=fix, **values)
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


def need_vector(shape: Shape, mend: str = "insert_global_pool") -> None:
    """Refuses everything but a vector (C,)."""
    if len(shape) != 1:
        raise Refusal(NEEDS_VECTOR, mend, shape=words(shape))


def need_kernel_fits(shape: Shape, kernel_size: int, dilation: int = 1, padding: int = 0) -> None:
    """Refuses a kernel that is larger than the padded map (C, H, W)."""
    covered = dilation * (kernel_size - 1) + 1
    smallest = min(shape[1:])
    if covered > smallest + 2 * padding:
        raise Refusal(KERNEL_TOO_LARGE, kernel=covered, size=smallest)


def need_norm_fits(norm: str, shape: Shape) -> None:
    """Refuses instance norm on an output (C, 1, 1) or (C,), where nothing would be left of it."""
    if norm == "instance" and (len(shape) == 1 or shape[1] * shape[2] == 1):
        raise Refusal(NORM_OF_ONE)


def need_same_size(shapes: Sequence[Shape], mend: str = "") -> None:
    """Refuses maps of different heights or widths, and maps mixed with vectors."""
    listed = ", ".join(words(shape) for shape in shapes)
    if len({len(shape) for shape in shapes}) > 1:
        raise Refusal(MIXED_INPUTS, shapes=listed)
    if len({shape[1:] for shape in shapes}) > 1:
        raise Refusal(SIZES_DIFFER, mend, shapes=listed)

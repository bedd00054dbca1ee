"""The interface of layer types."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.rooms import by_id, declared_in

if TYPE_CHECKING:
    from torch import Tensor, nn

Shape = tuple[int, ...]
"""Shape of one sample's features, without N: (C, H, W) for a map, (C,) for a vector, (C, T) for a sequence of T steps."""


@dataclass(frozen=True)
class Port:
    """A place where connections end or start.

    Attributes:
        name: its id within the layer.
        label: marked for translation.
        variadic: an input port that takes any number of connections, in order.
        optional: an input port that may stay unconnected.
    """

    name: str
    label: str = ""
    variadic: bool = False
    optional: bool = False


@dataclass(frozen=True)
class BuildContext:
    """What a layer may know of its surroundings when it is built.

    Attributes:
        image_size: side of the square pictures, in pixels.
        output_channels: C that a task requires of this layer, when it gives a task's output; else None.
        input_channels: channels of each input of the project, by id (for `input` layers).
    """

    image_size: int
    output_channels: int | None = None
    input_channels: tuple[tuple[str, int], ...] = ()


class LayerType(ABC):
    """Declaration of a layer type; no torch at import.

    Attributes:
        id: as in `LayerSpec.type`.
        name, summary: marked for translation.
        icon: name of an icon.
        group: section of the palette: input, convolution, pooling, resampling, regularisation, attention, dense, merge,
            decoder, sequence, backbone, between, head.
        parameters: declarations; torch's names where torch has them.
        inputs, outputs: ports. They may depend on parameters and tasks: see `input_ports`, `output_ports`.
        source: the paper, where there is one.
        crosses: it stands between tasks: for each task that shares it, it has an input and an output port of that
            task alone (`mtlstudio.project.lanes.lane`), perhaps beside ports of all.
    """

    id: str
    name: str
    summary: str
    icon: str
    group: str
    parameters: tuple[Parameter, ...] = ()
    inputs: tuple[Port, ...] = (Port("in"),)
    outputs: tuple[Port, ...] = (Port("out"),)
    source: str = ""
    crosses: bool = False

    def input_ports(self, parameters: Mapping[str, Any], tasks: Sequence[str] = ()) -> tuple[Port, ...]:
        """The input ports of a layer with those parameters, shared by those tasks."""
        return self.inputs

    def output_ports(self, parameters: Mapping[str, Any], tasks: Sequence[str] = ()) -> tuple[Port, ...]:
        """The output ports of a layer with those parameters, shared by those tasks."""
        return self.outputs

    def reads_input(self, parameters: Mapping[str, Any]) -> str | None:
        """Id of the project's input that the layer brings into the network; None for all other layers.

        The module of a layer that reads an input gets that input as its only argument.
        """
        return None

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        """Says in plain words why the layer cannot work on inputs of those shapes. Default: it can.

        Args:
            parameters: complete and checked.
            shapes: input port -> shapes of what is connected there.

        Raises:
            StudioError: what was expected, what was found, how to mend it; `values["mend"]` may name a mend.
        """

    @abstractmethod
    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        """The module. Its `forward` takes one positional argument per input port, in order: a tensor, for a variadic
        port a list of tensors, None for an unconnected optional one. It returns a tensor, or, with several output
        ports, a dict from port name to tensor. Works on the meta device.
        """

    def pretrained(self, parameters: Mapping[str, Any], folder: Path) -> Mapping[str, Tensor] | None:
        """Trained weights for a fresh layer, by the names of its `state_dict`; None where it starts at random.

        Args:
            parameters: complete and checked.
            folder: the project's, which relative paths start from.

        Raises:
            StudioError: they cannot be had; says why and what to do.
        """
        return None


def layer_types() -> tuple[LayerType, ...]:
    """All layer types there are."""
    types: tuple[LayerType, ...] = declared_in("mtlstudio.network.layers", "TYPES")
    return types


def layer_type(type_id: str) -> LayerType:
    """The layer type of that id. Raises KeyError where there is none."""
    type_: LayerType = by_id("mtlstudio.network.layers", "TYPES", type_id)
    return type_

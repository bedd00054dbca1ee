"""Recurrent layers: over the rows and columns of a map, along a sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network import parameters as declared
from mtlstudio.network.interface import BuildContext, LayerType, Shape
from mtlstudio.network.refusals import need_map, need_sequence

if TYPE_CHECKING:
    from torch import nn

_CELL = Parameter(
    "cell", "choice", "gru", mark("Cell"), mark("GRU has fewer weights; LSTM remembers longer."),
    choices={"gru": "GRU", "lstm": "LSTM"},
)  # fmt: skip
_HIDDEN = Parameter(
    "hidden_size", "int", 64, mark("Hidden size"), mark("Values that each direction remembers."),
    minimum=1, maximum=4096, step=8,
)  # fmt: skip
_BIDIRECTIONAL = Parameter(
    "bidirectional", "bool", True, mark("Both directions"), mark("Reads backwards too and puts both side by side.")
)


class RecurrentMap(LayerType):
    """Reads each row, then each column: (C, H, W) -> (2 · hidden_size, H, W)."""

    id = "recurrent_map"
    name = mark("Recurrent map")
    summary = mark("Reads the map along its rows, then along its columns: every place comes to know the whole map.")
    icon = "recurrent-map"
    group = "sequence"
    source = 'Visin et al., "ReNet: A Recurrent Neural Network Based Alternative to Convolutional Networks", 2015'
    parameters = (_HIDDEN, _CELL)

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_map(shapes["in"][0])

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.recurrent import RecurrentMap as Module

        return Module(shapes["in"][0][0], parameters["hidden_size"], parameters["cell"])


class Recurrent(LayerType):
    """Reads a sequence step by step: (C, T) -> (hidden_size, T), doubled when read in both directions."""

    id = "recurrent"
    name = mark("Recurrent")
    summary = mark("Reads a sequence step by step and remembers what came before and, backwards, what comes after.")
    icon = "recurrent"
    group = "sequence"
    source = "Cho et al. (GRU), 2014; Hochreiter & Schmidhuber (LSTM), 1997; both directions: Schuster & Paliwal, 1997"
    parameters = (
        _HIDDEN,
        Parameter("num_layers", "int", 1, mark("Layers"), mark("Readers one after the other."), minimum=1, maximum=8),
        _BIDIRECTIONAL,
        _CELL,
        declared.rate("dropout", 0.0, mark("Dropout"), mark("Share of values that become zero between its layers.")),
    )

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_sequence(shapes["in"][0])

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.recurrent import Recurrent as Module

        return Module(
            shapes["in"][0][0],
            parameters["hidden_size"],
            parameters["num_layers"],
            parameters["bidirectional"],
            parameters["cell"],
            parameters["dropout"],
        )


TYPES = (RecurrentMap(), Recurrent())

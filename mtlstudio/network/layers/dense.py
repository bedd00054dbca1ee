"""Vectors: flatten and fully connected."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network import parameters as declared
from mtlstudio.network.interface import BuildContext, LayerType, Shape
from mtlstudio.network.refusals import need_vector

if TYPE_CHECKING:
    from torch import nn


class Flatten(LayerType):
    """All values of a map in a row: (C, H, W) -> (C · H · W,)."""

    id = "flatten"
    name = mark("Flatten")
    summary = mark("Puts all values of a map in a row; keeps where things are, but makes the next layer large.")
    icon = "flatten"
    group = "dense"

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        return nn.Flatten()


class FullyConnected(LayerType):
    """Every output sees every input: (C,) -> (out_features,)."""

    id = "fully_connected"
    name = mark("Fully connected")
    summary = mark("Every output sees every value of a vector.")
    icon = "linear"
    group = "dense"
    parameters = (
        Parameter("out_features", "int", 128, mark("Out features"), mark("Values that it gives."), minimum=1,
                  maximum=65536, step=16),
        declared.activation(),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_vector(shapes["in"][0])

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        from mtlstudio.network.modules.basic import activation

        linear = nn.Linear(shapes["in"][0][0], parameters["out_features"])
        if parameters["activation"] == "none":
            return linear
        return nn.Sequential(OrderedDict(linear=linear, activation=activation(parameters["activation"], inplace=True)))


TYPES = (Flatten(), FullyConnected())

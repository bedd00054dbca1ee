"""Sequences: from a map to steps from left to right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network.interface import BuildContext, LayerType, Shape
from mtlstudio.network.refusals import need_map

if TYPE_CHECKING:
    from torch import nn


class ToSequence(LayerType):
    """One step for each column: (C, H, W) -> (C, W) by mean or maximum, (C · H, W) with all rows behind one another."""

    id = "to_sequence"
    name = mark("To sequence")
    summary = mark("Turns a map into steps from left to right, one for each column.")
    icon = "to-sequence"
    group = "sequence"
    source = 'Shi et al., "An End-to-End Trainable Neural Network for Image-Based Sequence Recognition", 2017'
    parameters = (
        Parameter("mode", "choice", "mean", mark("Mode"), mark("What a step takes from its column."),
                  choices={"mean": mark("Mean"), "max": mark("Max"), "flatten": mark("All rows")}),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_map(shapes["in"][0])

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.sequence import ToSequence as Module

        return Module(parameters["mode"])


TYPES = (ToSequence(),)

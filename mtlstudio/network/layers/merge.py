"""Layers that join several ways into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.texts import mark
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape
from mtlstudio.network.refusals import SHAPES_DIFFER, Refusal, need_same_size, words

if TYPE_CHECKING:
    from torch import nn


def _resizing_mend(shapes: Sequence[Shape]) -> str:
    """`insert_upsample` where whole-number upsampling brings all maps to the largest one's size."""
    if {len(shape) for shape in shapes} != {3}:
        return ""
    height, width = max(shape[1:] for shape in shapes)
    fits = all(height % h == 0 and width % w == 0 and height // h == width // w for _c, h, w in shapes)
    return "insert_upsample" if fits else ""


class Add(LayerType):
    """The sum of inputs of one shape; the shape stays."""

    id = "add"
    name = mark("Add")
    summary = mark("Adds inputs of the same shape, value by value.")
    icon = "add"
    group = "merge"
    inputs = (Port("in", variadic=True),)

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_same_size(shapes["in"], _resizing_mend(shapes["in"]))
        if len(set(shapes["in"])) > 1:
            raise Refusal(SHAPES_DIFFER, shapes=", ".join(words(shape) for shape in shapes["in"]))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.plain import Add as Module

        return Module()


class Multiply(LayerType):
    """The product of inputs, value by value; maps of one channel weigh all channels of the others."""

    id = "multiply"
    name = mark("Multiply")
    summary = mark("Multiplies inputs of the same shape, value by value; a map of one channel weighs all channels.")
    icon = "multiply"
    group = "merge"
    inputs = (Port("in", variadic=True),)

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_same_size(shapes["in"], _resizing_mend(shapes["in"]))
        if len({shape[0] for shape in shapes["in"]} - {1}) > 1:
            raise Refusal(SHAPES_DIFFER, shapes=", ".join(words(shape) for shape in shapes["in"]))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.plain import Multiply as Module

        return Module()


class Concatenate(LayerType):
    """Inputs behind one another along the channels: (C₁, H, W), (C₂, H, W) -> (C₁ + C₂, H, W)."""

    id = "concatenate"
    name = mark("Concatenate")
    summary = mark("Puts the channels of its inputs behind one another.")
    icon = "concatenate"
    group = "merge"
    inputs = (Port("in", variadic=True),)

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_same_size(shapes["in"], _resizing_mend(shapes["in"]))

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.plain import Concatenate as Module

        return Module()


TYPES = (Add(), Multiply(), Concatenate())

"""Where pictures enter the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network.interface import BuildContext, LayerType, Shape

if TYPE_CHECKING:
    from torch import nn


class Input(LayerType):
    """Brings one of the project's inputs into the network: (C, S, S)."""

    id = "input"
    name = mark("Input")
    summary = mark("Where pictures enter the network.")
    icon = "input"
    group = "input"
    parameters = (Parameter("input", "text", "image", mark("Input"), mark("Which of the project's inputs enters.")),)
    inputs = ()

    def reads_input(self, parameters: Mapping[str, Any]) -> str:
        return str(parameters["input"])

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        return nn.Identity()


TYPES = (Input(),)

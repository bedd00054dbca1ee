"""Dropout, normalisation and activation as layers of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network import parameters as declared
from mtlstudio.network.interface import BuildContext, LayerType, Shape
from mtlstudio.network.refusals import need_norm_fits

if TYPE_CHECKING:
    from torch import nn


class Dropout(LayerType):
    """Random zeros while training; the shape stays."""

    id = "dropout"
    name = mark("Dropout")
    summary = mark("Zeroes random values while training, against learning by heart.")
    icon = "dropout"
    group = "regularisation"
    source = 'Srivastava et al., "Dropout", 2014; spatial: Tompson et al., 2015'
    parameters = (
        declared.rate("p", 0.2, mark("Rate"), mark("Share of values that become zero.")),
        Parameter(
            "spatial", "bool", False, mark("Whole channels"), mark("Zero whole feature maps, not single pixels.")
        ),
    )

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from torch import nn

        # On a vector every value is a whole channel.
        spatial = parameters["spatial"] and len(shapes["in"][0]) == 3
        return nn.Dropout2d(parameters["p"]) if spatial else nn.Dropout(parameters["p"])


class Norm(LayerType):
    """Normalisation; the shape stays."""

    id = "norm"
    name = mark("Norm")
    summary = mark("Brings values to mean 0 and deviation 1, then scales them by learned weights.")
    icon = "norm"
    group = "regularisation"
    parameters = (
        Parameter("norm", "choice", "batch", mark("Norm"), mark("Over which values mean and deviation are taken."),
                  choices={key: label for key, label in declared.NORMS.items() if key != "none"}),
        Parameter("num_groups", "int", 32, mark("Groups"),
                  mark("Most groups that channels are normalised in; the next lower divisor is taken."),
                  minimum=1, maximum=8192, visible_if=("norm", ("group",))),
    )  # fmt: skip

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        need_norm_fits(parameters["norm"], shapes["in"][0])

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.basic import norm

        shape = shapes["in"][0]
        return norm(
            parameters["norm"],
            shape[0],
            vector=len(shape) == 1,
            num_groups=parameters["num_groups"],
            sequence=len(shape) == 2,
        )


class Activation(LayerType):
    """An activation function; the shape stays."""

    id = "activation"
    name = mark("Activation")
    summary = mark("A non-linear function applied to each value.")
    icon = "activation"
    group = "regularisation"
    parameters = (
        Parameter("activation", "choice", "relu", mark("Activation"), mark("Function applied to each value."),
                  choices={key: label for key, label in declared.ACTIVATIONS.items() if key != "none"}),
    )  # fmt: skip

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.basic import activation

        return activation(parameters["activation"])


TYPES = (Dropout(), Norm(), Activation())

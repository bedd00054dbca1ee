"""Backbones from torchvision, one layer type per family, with a port per stage.

Stage n has the picture's size divided by 2ⁿ, in every family: `stage3` of one can stand in for `stage3` of another.
Some families begin later or end sooner. `out` is the last map, before the pooling and the classifier, which are left
out. AlexNet, SqueezeNet and Inception do not pad all their convolutions: their maps are some pixels smaller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network.backbone_table import FAMILIES, Family, Variant
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape
from mtlstudio.network.refusals import (
    CHANNELS_FOR_WEIGHTS,
    NO_WEIGHTS_FILE,
    NOT_DIVISIBLE,
    TOO_SMALL,
    Refusal,
    need_map,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

_WEIGHTS = (
    Parameter(
        "weights", "choice", "none", mark("Weights"), mark("What it starts from."),
        choices={"none": mark("Random"), "imagenet": "ImageNet", "file": mark("From a file")},
    ),
    Parameter(
        "weights_file", "file", "", mark("Weights file"), mark("A .pth or .safetensors file of such a network."),
        visible_if=("weights", ("file",)),
    ),
)  # fmt: skip


class Backbone(LayerType):
    """One family of torchvision's classification networks: (C, H, W) -> one map per stage."""

    icon = "backbone"
    group = "backbone"

    def __init__(self, family: Family) -> None:
        self.id, self.name, self.summary, self.source = family.id, family.name, family.summary, family.source
        self._variants = {variant.id: variant for variant in family.variants}
        self.parameters = (
            Parameter(
                "variant", "choice", family.variants[0].id, mark("Variant"), mark("Which network of the family."),
                choices={variant.id: variant.label for variant in family.variants},
            ),
            *_WEIGHTS,
        )  # fmt: skip
        self._ports = {variant.id: _ports(variant) for variant in family.variants}
        self.outputs = self._ports[family.variants[0].id]

    def output_ports(self, parameters: Mapping[str, Any], tasks: Sequence[str] = ()) -> tuple[Port, ...]:
        return self._ports.get(str(parameters.get("variant")), self.outputs)

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        shape, variant = shapes["in"][0], self._variants[parameters["variant"]]
        need_map(shape)
        if min(shape[1:]) < variant.smallest:
            raise Refusal(TOO_SMALL, size=min(shape[1:]), smallest=variant.smallest)
        if variant.divides and any(size % variant.divides for size in shape[1:]):
            size = next(size for size in shape[1:] if size % variant.divides)
            lower = size // variant.divides * variant.divides
            fits = f"{lower}, {lower + variant.divides}"
            raise Refusal(NOT_DIVISIBLE, size=size, divisor=variant.divides, fits=fits)
        if parameters["weights"] == "imagenet" and shape[0] != 3:
            raise Refusal(CHANNELS_FOR_WEIGHTS, expected=3, found=shape[0])
        if parameters["weights"] == "file" and not parameters["weights_file"]:
            raise Refusal(NO_WEIGHTS_FILE)

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.backbones import backbone

        variant = self._variants[parameters["variant"]]
        return backbone(variant, shapes["in"][0], imagenet=parameters["weights"] == "imagenet")

    def pretrained(self, parameters: Mapping[str, Any], folder: Path) -> Mapping[str, Tensor] | None:
        from mtlstudio.network.pretrained import read_weights, torchvision_weights

        if parameters["weights"] == "imagenet":
            return torchvision_weights(parameters["variant"])
        if parameters["weights"] == "file":
            return read_weights(folder / Path(parameters["weights_file"]).expanduser())
        return None


def _ports(variant: Variant) -> tuple[Port, ...]:
    return (*(Port(stage) for stage in variant.stages().values()), Port("out"))


TYPES = tuple(Backbone(family) for family in FAMILIES)

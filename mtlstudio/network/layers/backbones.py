"""Backbones from torchvision, with a port per stage.

Stage n has the picture's size divided by 2ⁿ, in every backbone: `stage3` of one can stand in for `stage3` of another.
ConvNeXt starts at a quarter of the size, so it has no `stage1`. `out` is the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import mark
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape
from mtlstudio.network.refusals import CHANNELS_FOR_WEIGHTS, NO_WEIGHTS_FILE, TOO_SMALL, Refusal, need_map

if TYPE_CHECKING:
    from torch import Tensor, nn

_STRIDE = 32


class Backbone(LayerType):
    """One of torchvision's classification networks: (C, H, W) -> one map per stage.

    Args:
        id: torchvision's name.
        ends: (stage, index in `features` of its last layer); empty: a ResNet.
    """

    icon = "backbone"
    group = "backbone"
    parameters = (
        Parameter(
            "weights", "choice", "none", mark("Weights"), mark("What it starts from."),
            choices={"none": mark("Random"), "imagenet": "ImageNet", "file": mark("From a file")},
        ),
        Parameter(
            "weights_file", "file", "", mark("Weights file"), mark("A .pth or .safetensors file of such a network."),
            visible_if=("weights", ("file",)),
        ),
    )  # fmt: skip

    def __init__(self, id: str, name: str, summary: str, source: str, ends: tuple[tuple[int, int], ...] = ()) -> None:
        self.id, self.name, self.summary, self.source, self._ends = id, name, summary, source, ends
        stages = [stage for stage, _index in ends] or [1, 2, 3, 4, 5]
        self.outputs = (*(Port(f"stage{stage}") for stage in stages), Port("out"))

    def check(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> None:
        shape = shapes["in"][0]
        need_map(shape)
        if min(shape[1:]) < _STRIDE:
            raise Refusal(TOO_SMALL, size=min(shape[1:]), stride=_STRIDE)
        if parameters["weights"] == "imagenet" and shape[0] != 3:
            raise Refusal(CHANNELS_FOR_WEIGHTS, expected=3, found=shape[0])
        if parameters["weights"] == "file" and not parameters["weights_file"]:
            raise Refusal(NO_WEIGHTS_FILE)

    def build(
        self, parameters: Mapping[str, Any], shapes: Mapping[str, Sequence[Shape]], context: BuildContext
    ) -> nn.Module:
        from mtlstudio.network.modules.backbones import backbone

        return backbone(self.id, shapes["in"][0][0], self._ends)

    def pretrained(self, parameters: Mapping[str, Any], folder: Path) -> Mapping[str, Tensor] | None:
        from mtlstudio.network.pretrained import read_weights, torchvision_weights

        if parameters["weights"] == "imagenet":
            return torchvision_weights(self.id)
        if parameters["weights"] == "file":
            return read_weights(folder / Path(parameters["weights_file"]).expanduser())
        return None


TYPES = (
    Backbone(
        "resnet18", "ResNet-18", mark("Residual network of 18 layers: small, sturdy, the usual start."),
        'He et al., "Deep Residual Learning for Image Recognition", 2016',
    ),
    Backbone(
        "resnet50", "ResNet-50", mark("Residual network of 50 layers: more accurate, three times the arithmetic."),
        'He et al., "Deep Residual Learning for Image Recognition", 2016',
    ),
    Backbone(
        "mobilenet_v3_large", "MobileNetV3", mark("For phones and processors: very little arithmetic."),
        'Howard et al., "Searching for MobileNetV3", 2019', ((1, 1), (2, 3), (3, 6), (4, 12), (5, 16)),
    ),
    Backbone(
        "efficientnet_b0", "EfficientNet-B0", mark("Accurate for its size; slower to train than it looks."),
        'Tan & Le, "EfficientNet", 2019', ((1, 1), (2, 2), (3, 3), (4, 5), (5, 8)),
    ),
    Backbone(
        "convnext_tiny", "ConvNeXt-Tiny", mark("Modern, with large kernels: the most accurate here, and the largest."),
        'Liu et al., "A ConvNet for the 2020s", 2022', ((2, 1), (3, 3), (4, 5), (5, 7)),
    ),
)  # fmt: skip

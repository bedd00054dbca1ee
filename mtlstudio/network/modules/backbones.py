"""Torchvision's classification networks without their classifier, with an output per stage."""

from __future__ import annotations

from collections.abc import Sequence

import torchvision
from torch import Tensor, nn


class ResNetBackbone(nn.Module):
    """A ResNet's stages: (N, C, H, W) -> {"stage1": (N, 64, H/2, W/2), …, "stage5": (N, …, H/32, W/32), "out": the last}.

    Stage n has the picture's size divided by 2ⁿ. The weights have torchvision's names.
    """

    def __init__(self, model: torchvision.models.ResNet) -> None:
        super().__init__()
        self.conv1, self.bn1, self.relu, self.maxpool = model.conv1, model.bn1, model.relu, model.maxpool
        self.layer1, self.layer2, self.layer3, self.layer4 = model.layer1, model.layer2, model.layer3, model.layer4

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        stage1 = self.relu(self.bn1(self.conv1(x)))
        stage2 = self.layer1(self.maxpool(stage1))
        stage3 = self.layer2(stage2)
        stage4 = self.layer3(stage3)
        out = self.layer4(stage4)
        return {"stage1": stage1, "stage2": stage2, "stage3": stage3, "stage4": stage4, "stage5": out, "out": out}


class FeaturesBackbone(nn.Module):
    """The stages of a network whose layers stand in one row (`features`).

    Args:
        model: torchvision's.
        ends: (stage, index in the row of its last layer), in order. Stage n has the picture's size divided by 2ⁿ.
    """

    def __init__(self, model: nn.Module, ends: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self.features: nn.Sequential = model.get_submodule("features")  # type: ignore[assignment]
        self.ends = {index: f"stage{stage}" for stage, index in ends}

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        stages: dict[str, Tensor] = {}
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.ends:
                stages[self.ends[index]] = x
        stages["out"] = x
        return stages


def backbone(name: str, in_channels: int, ends: Sequence[tuple[int, int]] = ()) -> nn.Module:
    """A fresh backbone with random weights; its first convolution takes `in_channels`."""
    model = torchvision.models.get_model(name, weights=None)
    built = FeaturesBackbone(model, ends) if ends else ResNetBackbone(model)
    if in_channels != 3:
        _widen(built, in_channels)
    return built


def _widen(module: nn.Module, in_channels: int) -> None:
    """Replaces the first convolution by one of another number of input channels."""
    name, first = next((name, part) for name, part in module.named_modules() if isinstance(part, nn.Conv2d))
    parent = module.get_submodule(name.rpartition(".")[0])
    fresh = nn.Conv2d(
        in_channels, first.out_channels, first.kernel_size, first.stride, first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )  # fmt: skip
    nn.init.kaiming_normal_(fresh.weight, mode="fan_out", nonlinearity="relu")
    setattr(parent, name.rpartition(".")[2], fresh)

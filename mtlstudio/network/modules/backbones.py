"""Torchvision's classification networks without their classifier, with an output per stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from math import gcd
from typing import TYPE_CHECKING, Any

import torch
import torchvision
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torchvision.models import vgg

if TYPE_CHECKING:
    from mtlstudio.network.backbone_table import Variant

_MAXVIT = {
    "maxvit_t": {
        "stem_channels": 64, "block_channels": [64, 128, 256, 512], "block_layers": [2, 2, 5, 2], "head_dim": 32,
        "stochastic_depth_prob": 0.2,
    },
}  # fmt: skip
"""What `torchvision.models.maxvit_t` is made with; it does not let its partition be chosen."""
_PARTITION = 7
_VGG_PLANS = {"11": "A", "13": "B", "16": "D", "19": "E"}


class StagedBackbone(nn.Module):
    """A network that is a row of layers: (N, C, H, W) -> {"stage2": (N, C, H/4, W/4), …, "out": the last map}.

    Stage n has the picture's size divided by 2ⁿ. The weights have torchvision's names.

    Args:
        model: torchvision's.
        row: its parts that are kept, in the order in which they are run; `features.*`: the layers in `features`.
        stages: name of the layer that ends a stage -> the stage.
        channels_last: its maps are (N, H, W, C) inside.
    """

    def __init__(
        self, model: nn.Module, row: Sequence[str], stages: Mapping[str, str], channels_last: bool = False
    ) -> None:
        super().__init__()
        for name in row:
            part = name.removesuffix(".*")
            self.add_module(part, model.get_submodule(part))
        self._opened = frozenset(name.removesuffix(".*") for name in row if name.endswith(".*"))
        self._stages, self._channels_last = dict(stages), channels_last

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        out = x
        for name, layer in self._row():
            x = layer(x)
            out = x
            if name in self._stages:
                out = found[self._stages[name]] = x.permute(0, 3, 1, 2) if self._channels_last else x
        found["out"] = out
        return found

    def _row(self) -> Iterator[tuple[str, nn.Module]]:
        for name, part in self.named_children():
            if name in self._opened:
                yield from part.named_children()
            else:
                yield name, part


class ViTBackbone(nn.Module):
    """A vision transformer: (N, C, H, W) -> {"out": (N, D, H/P, W/P)} for patches of P pixels.

    What the patches became, without the class token. The positional embedding keeps torchvision's size and is
    interpolated to that of the input, so that trained weights fit at every size.

    Args:
        model: torchvision's.
        stages: the names that the map has beside `out`.
    """

    def __init__(self, model: torchvision.models.VisionTransformer, stages: Sequence[str]) -> None:
        super().__init__()
        self.conv_proj, self.class_token, self.encoder = model.conv_proj, model.class_token, model.encoder
        self._grid, self._stages = model.image_size // model.patch_size, tuple(stages)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        patches = self.conv_proj(x)
        height, width = patches.shape[2:]
        tokens = torch.cat((self.class_token.expand(x.shape[0], -1, -1), patches.flatten(2).transpose(1, 2)), 1)
        encoder: Any = self.encoder
        seen = encoder.ln(encoder.layers(encoder.dropout(tokens + self._positions(height, width))))
        out = seen[:, 1:].transpose(1, 2).reshape(x.shape[0], -1, height, width)
        return {**dict.fromkeys(self._stages, out), "out": out}

    def _positions(self, height: int, width: int) -> Tensor:
        """The positional embedding (1, 1 + height·width, D)."""
        known: Tensor = self.encoder.pos_embedding  # type: ignore[assignment]
        if (height, width) == (self._grid, self._grid):
            return known
        grid = known[:, 1:].transpose(1, 2).reshape(1, -1, self._grid, self._grid)
        fitted = nn.functional.interpolate(grid, size=(height, width), mode="bicubic", align_corners=False)
        return torch.cat((known[:, :1], fitted.flatten(2).transpose(1, 2)), 1)


class InceptionInput(nn.Module):
    """From pictures standardised as ImageNet's to those that the trained Inceptions expect, in -1 … 1."""

    def forward(self, x: Tensor) -> Tensor:
        mean, std = x.new_tensor((0.485, 0.456, 0.406)), x.new_tensor((0.229, 0.224, 0.225))
        return (x * std[:, None, None] + mean[:, None, None] - 0.5) / 0.5


class _RealFigures(TorchFunctionMode):
    """Figures stay figures where weights are made on the meta device: RegNet reckons its widths with torch."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        figures = func is torch.arange or (func is torch.tensor and isinstance(args[0], list))
        return func(*args, **{**(kwargs or {}), **({"device": "cpu"} if figures else {})})


def backbone(variant: Variant, shape: Sequence[int], imagenet: bool = False) -> nn.Module:
    """A fresh backbone with random weights for inputs (C, H, W).

    Args:
        imagenet: it will get torchvision's trained weights.
    """
    stages = variant.stages()
    model = _model(variant.id, shape)
    built: nn.Module
    if not variant.row:
        assert isinstance(model, torchvision.models.VisionTransformer)
        built = ViTBackbone(model, tuple(stages.values()))
    else:
        if "transform" in variant.row:
            model.transform = InceptionInput() if imagenet else nn.Identity()
        if "relu" in variant.row and not hasattr(model, "relu"):
            model.relu = nn.ReLU()  # DenseNet's last, which torchvision calls as a function
        built = StagedBackbone(model, variant.row, stages, channels_last="norm" in variant.row)
    if shape[0] != 3:
        _widen(built, shape[0])
    return built


def _model(name: str, shape: Sequence[int]) -> nn.Module:
    """Torchvision's, as small as it can be had."""
    if name in _MAXVIT:
        side = gcd(*shape[1:]) // 32
        partition = min(
            (n for n in range(1, side + 1) if side % n == 0), key=lambda n: max(n / _PARTITION, _PARTITION / n)
        )
        options: dict[str, Any] = _MAXVIT[name]
        return torchvision.models.MaxVit(
            input_size=tuple(shape[1:]), partition_size=partition, num_classes=1, **options  # type: ignore[arg-type]
        )  # fmt: skip
    if name.startswith("vgg"):
        return _vgg(name)
    extra = {"aux_logits": False, "init_weights": True} if name in ("googlenet", "inception_v3") else {}
    with _RealFigures() if name.startswith("regnet") else nullcontext():
        model: nn.Module = torchvision.models.get_model(name, weights=None, num_classes=1, **extra)
    return model


def _vgg(name: str) -> nn.Module:
    """The convolutions of a VGG, initialised as torchvision's, without drawing 120 million weights of its classifier."""
    depth, _, norm = name.removeprefix("vgg").partition("_")
    model = nn.Module()
    features = model.features = vgg.make_layers(vgg.cfgs[_VGG_PLANS[depth]], batch_norm=bool(norm))
    for layer in features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
    return model


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

"""Torchvision's families of classification networks as a table: which layers they are a row of, where stages end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mtlstudio.base.texts import mark


@dataclass(frozen=True)
class Variant:
    """One network of a family.

    Attributes:
        id: torchvision's name.
        label: what people call it.
        ends: names of the layers in the row that end a stage, in order.
        first: number of the first stage.
        divides: sides of its input must be multiples of it; 0: any.
        smallest: side of the smallest input, in pixels.
        row: parts of torchvision's module that its input goes through one after the other, under torchvision's names;
            `features.*` stands for all layers in `features`. Empty: a module of its own.
    """

    id: str
    label: str
    ends: tuple[str, ...]
    first: int = 1
    divides: int = 0
    smallest: int = 32
    row: tuple[str, ...] = ("features.*",)

    def stages(self) -> dict[str, str]:
        """Name of the layer that ends a stage -> the stage's port."""
        return {end: f"stage{self.first + index}" for index, end in enumerate(self.ends)}


@dataclass(frozen=True)
class Family:
    """Networks of one kind.

    Attributes:
        id: of the layer type.
        name, summary: marked for translation.
        source: the paper.
        variants: the default first.
    """

    id: str
    name: str
    summary: str
    source: str
    variants: tuple[Variant, ...]


def _same(ends: str, labels: Sequence[tuple[str, str]], first: int = 1, **others: Any) -> tuple[Variant, ...]:
    """Variants (id, label) whose stages all end at the same layers; `others` are fields of `Variant`."""
    return tuple(Variant(id_, label, tuple(ends.split()), first, **others) for id_, label in labels)


def _vgg(id_: str, label: str, convolutions: tuple[int, ...]) -> Variant:
    """Before each pooling ends a stage; after the last one the last."""
    per_convolution, index, ends = 3 if id_.endswith("_bn") else 2, -1, []
    for count in convolutions:
        index += count * per_convolution
        ends.append(str(index))
        index += 1
    return Variant(id_, label, (*ends, str(index)), 0)


_RESNETS = (
    ("resnet18", "ResNet-18"), ("resnet34", "ResNet-34"), ("resnet50", "ResNet-50"), ("resnet101", "ResNet-101"),
    ("resnet152", "ResNet-152"), ("resnext50_32x4d", "ResNeXt-50 32×4d"), ("resnext101_32x8d", "ResNeXt-101 32×8d"),
    ("resnext101_64x4d", "ResNeXt-101 64×4d"), ("wide_resnet50_2", "Wide ResNet-50-2"),
    ("wide_resnet101_2", "Wide ResNet-101-2"),
)  # fmt: skip
_REGNETS = tuple(
    (f"regnet_{kind}_{size}", f"RegNet-{kind.upper()} {words}")
    for kind in "xy"
    for size, words in (
        ("400mf", "400 MF"), ("800mf", "800 MF"), ("1_6gf", "1.6 GF"), ("3_2gf", "3.2 GF"), ("8gf", "8 GF"),
        ("16gf", "16 GF"), ("32gf", "32 GF"), ("128gf", "128 GF"),
    )
    if (kind, size) != ("x", "128gf")
)  # fmt: skip
_CONVNEXTS = ("tiny", "small", "base", "large")
_SHUFFLENETS = ("1.0", "0.5", "1.5", "2.0")
_SWINS = [
    (f"swin_{version.lower()}{size}", f"Swin{version.removesuffix('_')}-{size.upper()}")
    for version in ("", "V2_")
    for size in "tsb"
]
_GOOGLENET = [
    "transform",
    "conv1",
    "maxpool1",
    "conv2",
    "conv3",
    "maxpool2",
    "inception3a",
    "inception3b",
    "maxpool3",
    "inception4a",
    "inception4b",
    "inception4c",
    "inception4d",
    "inception4e",
    "maxpool4",
    "inception5a",
    "inception5b",
]
_INCEPTION_V3 = [
    "transform",
    "Conv2d_1a_3x3",
    "Conv2d_2a_3x3",
    "Conv2d_2b_3x3",
    "maxpool1",
    "Conv2d_3b_1x1",
    "Conv2d_4a_3x3",
    "maxpool2",
    "Mixed_5b",
    "Mixed_5c",
    "Mixed_5d",
    "Mixed_6a",
    "Mixed_6b",
    "Mixed_6c",
    "Mixed_6d",
    "Mixed_6e",
    "Mixed_7a",
    "Mixed_7b",
    "Mixed_7c",
]
_VGGS = {"11": (1, 1, 2, 2, 2), "13": (2, 2, 2, 2, 2), "16": (2, 2, 3, 3, 3), "19": (2, 2, 4, 4, 4)}

FAMILIES = (
    Family(
        "resnet", "ResNet", mark("Residual network: sturdy, the usual start; 18 layers are small, 50 more accurate."),
        'He et al., "Deep Residual Learning for Image Recognition", 2016',
        _same(
            "relu layer1 layer2 layer3 layer4", _RESNETS,
            row=("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"),
        ),
    ),
    Family(
        "mobilenet", "MobileNet", mark("For phones and processors: very little arithmetic."),
        'Sandler et al., "MobileNetV2", 2018; Howard et al., "Searching for MobileNetV3", 2019',
        (
            *_same("1 3 6 12 16", [("mobilenet_v3_large", "MobileNetV3 Large")]),
            *_same("0 1 3 8 12", [("mobilenet_v3_small", "MobileNetV3 Small")]),
            *_same("1 3 6 13 18", [("mobilenet_v2", "MobileNetV2")]),
        ),
    ),
    Family(
        "efficientnet", "EfficientNet", mark("Accurate for its size; slower to train than it looks."),
        'Tan & Le, "EfficientNet", 2019; "EfficientNetV2", 2021',
        (
            *_same("1 2 3 5 8", [(f"efficientnet_b{n}", f"EfficientNet-B{n}") for n in range(8)]),
            *_same("1 2 3 5 7", [("efficientnet_v2_s", "EfficientNetV2-S")]),
            *_same("1 2 3 5 8", [("efficientnet_v2_m", "EfficientNetV2-M"), ("efficientnet_v2_l", "EfficientNetV2-L")]),
        ),
    ),
    Family(
        "convnext", "ConvNeXt", mark("Modern, with large kernels: very accurate, and large."),
        'Liu et al., "A ConvNet for the 2020s", 2022',
        _same("1 3 5 7", [(f"convnext_{word}", f"ConvNeXt-{word.title()}") for word in _CONVNEXTS], 2),
    ),
    Family(
        "vgg", "VGG", mark("Plain convolutions, one after the other: easy to understand, heavy."),
        'Simonyan & Zisserman, "Very Deep Convolutional Networks", 2015',
        tuple(
            _vgg(f"vgg{depth}{norm.lower()}", f"VGG-{depth}{norm.replace('_', ' ')}", counts)
            for norm in ("_BN", "")
            for depth, counts in _VGGS.items()
        ),
    ),
    Family(
        "densenet", "DenseNet", mark("Each layer sees all before it: few weights, much memory."),
        'Huang et al., "Densely Connected Convolutional Networks", 2017',
        _same(
            "relu0 denseblock1 denseblock2 denseblock3 relu",
            [(f"densenet{depth}", f"DenseNet-{depth}") for depth in (121, 161, 169, 201)],
            row=("features.*", "relu"),
        ),
    ),
    Family(
        "regnet", "RegNet", mark("Networks of one simple rule, for every budget."),
        'Radosavovic et al., "Designing Network Design Spaces", 2020',
        _same("stem block1 block2 block3 block4", _REGNETS, row=("stem", "trunk_output.*")),
    ),
    Family(
        "shufflenet", "ShuffleNet", mark("Hardly any arithmetic: for the smallest devices."),
        'Ma et al., "ShuffleNet V2", 2018',
        _same(
            "conv1 maxpool stage2 stage3 conv5",
            [(f"shufflenet_v2_x{width.replace('.', '_')}", f"ShuffleNetV2 ×{width}") for width in _SHUFFLENETS],
            row=("conv1", "maxpool", "stage2", "stage3", "stage4", "conv5"),
        ),
    ),
    Family(
        "mnasnet", "MnasNet", mark("Found by a search for what is quick on a phone."),
        'Tan et al., "MnasNet", 2019',
        _same(
            "7 8 9 11 16",
            [(f"mnasnet{width.replace('.', '_')}", f"MnasNet ×{width}") for width in ("1.0", "0.5", "0.75", "1.3")],
            row=("layers.*",),
        ),
    ),
    Family(
        "squeezenet", "SqueezeNet", mark("Very few weights; ends at a sixteenth of the size."),
        'Iandola et al., "SqueezeNet", 2016',
        (
            *_same("1 4 7 12", [("squeezenet1_1", "SqueezeNet 1.1")]),
            *_same("1 5 10 12", [("squeezenet1_0", "SqueezeNet 1.0")]),
        ),
    ),
    Family(
        "inception", "Inception", mark("Kernels of several sizes side by side."),
        'Szegedy et al., "Going Deeper with Convolutions", 2015; "Rethinking the Inception Architecture", 2016',
        (
            *_same(
                "conv1 conv3 inception3b inception4e inception5b", [("googlenet", "GoogLeNet")], row=tuple(_GOOGLENET),
            ),
            *_same(
                "Conv2d_2b_3x3 Conv2d_4a_3x3 Mixed_5d Mixed_6e Mixed_7c", [("inception_v3", "Inception V3")],
                row=tuple(_INCEPTION_V3), smallest=75,
            ),
        ),
    ),
    Family(
        "alexnet", "AlexNet", mark("The one that began it all: small and quick, no longer accurate."),
        'Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", 2012',
        _same("1 4 11 12", [("alexnet", "AlexNet")], 2, smallest=63),
    ),
    Family(
        "swin", "Swin", mark("A transformer that looks within windows, with stages like a CNN."),
        'Liu et al., "Swin Transformer", 2021; "Swin Transformer V2", 2022',
        _same("1 3 5 norm", _SWINS, 2, row=("features.*", "norm")),
    ),
    Family(
        "vit", "Vision Transformer", mark("Every patch looks at every other; one map at the size of its patches."),
        'Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021',
        (
            *_same("out", [("vit_b_16", "ViT-B/16"), ("vit_l_16", "ViT-L/16")], 4, divides=16, smallest=16, row=()),
            *_same("out", [("vit_b_32", "ViT-B/32"), ("vit_l_32", "ViT-L/32")], 5, divides=32, smallest=32, row=()),
            *_same("", [("vit_h_14", "ViT-H/14")], divides=14, smallest=14, row=()),
        ),
    ),
    Family(
        "maxvit", "MaxViT", mark("Convolutions and attention within windows and across a grid."),
        'Tu et al., "MaxViT: Multi-Axis Vision Transformer", 2022',
        _same("stem 0 1 2 3", [("maxvit_t", "MaxViT-T")], divides=32, smallest=64, row=("stem", "blocks.*")),
    ),
)  # fmt: skip

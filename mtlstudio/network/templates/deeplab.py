"""Dilated convolutions side by side behind a trunk that keeps its size."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import STAGE, WIDTHS, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template

_CHANNELS = 64


def draw(sketch: Sketch) -> None:
    """The last stage looks further instead of getting smaller; ASPP for all; a light decoder for each map.

    Differs from the paper: the decoder, which came a year later.
    """
    count = stage_count(sketch.image_size)
    bottom = count - 1
    trunk = stages(sketch, sketch.input(), 1, bottom)
    dilated = sketch.add(
        "residual_stage", tr(STAGE, n=count), trunk[bottom], id=f"stage {count}", out_channels=WIDTHS[count - 1],
        blocks=1, stride=1, dilation=2,
    )  # fmt: skip
    aspp = sketch.add(
        "aspp", "ASPP", dilated, id="aspp", out_channels=_CHANNELS, rates=rates(sketch.image_size >> bottom)
    )
    maps, sequences = {task.id for task in sketch.map_tasks}, {task.id for task in sketch.sequence_tasks}
    reading = reading_stage(sketch.image_size, bottom)
    for task in sketch.spec.tasks:
        end = aspp
        if task.id in maps:
            end = sketch.add(
                "unet_decoder", tr("Decoder"), aspp, id=f"{task.id} decoder", skip=trunk[1], out_channels=_CHANNELS // 2
            )
        elif task.id in sequences and reading < bottom:
            end = trunk[reading]
        sketch.head(task, end)


def rates(side: int) -> tuple[int, ...]:
    """Dilations for maps of that side: as large in them as the paper's 6, 12 and 18 are in maps of 33."""
    return tuple(sorted({max(1, round(side * rate / 33)) for rate in (6, 12, 18)}))


TEMPLATE = Template(
    "deeplab",
    mark("DeepLab"),
    mark("Sees far without losing size: for maps whose classes depend on their surroundings."),
    "aspp",
    draw,
    order=11,
    source='Chen et al., "Rethinking Atrous Convolution", 2017; decoder: Chen et al., "Encoder-Decoder with Atrous '
    'Separable Convolution", 2018',
)

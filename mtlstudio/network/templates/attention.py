"""A shared trunk with attention to channels, to places and between places."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template


def draw(sketch: Sketch) -> None:
    """Each shared stage weighs its channels, the deepest map looks at itself, and each task looks where it likes."""
    count, maps = stage_count(sketch.image_size), sketch.map_tasks
    trunk, end = {}, sketch.input()
    for n in range(1, count + 1):
        stage = stages(sketch, end, n, n)[n]
        end = sketch.add("squeeze_excite", tr("Channels {n}", n=n), stage, id=f"channels {n}", reduction=4)
        trunk[n] = end
    bottom = sketch.add("self_attention", tr("Self-attention"), end, id="self_attention")
    top = decoder(sketch, bottom, count - 1, 1, trunk, convolutions=1) if maps else ""
    for task in sketch.spec.tasks:
        seen = top if task in maps else bottom
        if task in sketch.sequence_tasks:
            seen = trunk[reading_stage(sketch.image_size, count)]
        looks = sketch.add("cbam", tr("What and where"), seen, id=f"{task.id} attention", reduction=4)
        sketch.head(task, looks)


TEMPLATE = Template(
    "attention",
    mark("Attention"),
    mark("A shared trunk that weighs channels and sees the whole: for when details far apart belong together."),
    "attention",
    draw,
    order=60,
    source='Hu et al., "Squeeze-and-Excitation Networks", 2018; Woo et al., "CBAM", 2018; Vaswani et al., "Attention Is '
    'All You Need", 2017',
)

"""One trunk for all tasks, then a head for each."""

from __future__ import annotations

from mtlstudio.base.texts import mark
from mtlstudio.network.parts import ends, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template


def draw(sketch: Sketch) -> None:
    """All stages shared; map tasks get a light way up of their own, vector tasks pool, sequences are read earlier."""
    count = stage_count(sketch.image_size)
    ends(sketch, stages(sketch, sketch.input(), 1, count), count, {})


TEMPLATE = Template(
    "shared",
    mark("Shared trunk"),
    mark("One encoder for all tasks and a light branch for each: the fewest weights, the usual start."),
    "shared",
    draw,
    order=1,
    source='Caruana, "Multitask Learning", 1997',
)

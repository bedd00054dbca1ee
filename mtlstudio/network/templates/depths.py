"""Tasks that hang on different depths."""

from __future__ import annotations

from itertools import cycle

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import DOWN, UP, WIDTHS, Stages, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template

_OWN = (32,) * len(WIDTHS)


def draw(sketch: Sketch) -> None:
    """Vector tasks go up the encoder from its bottom, map tasks from the end of the decoder back to its start, then to
    the encoder's first stages: the later in the list, the shallower.

    A vector task that leaves early goes on in narrow stages of its own, so that it too sees the whole picture.
    """
    count = stage_count(sketch.image_size)
    down = stages(sketch, sketch.input(), 1, count, name=DOWN)
    for task, n in zip(sketch.vector_tasks, cycle(range(count, 1, -1)), strict=False):
        own = stages(sketch, down[n], n + 1, count, prefix=f"{task.id} ", widths=_OWN)
        sketch.head(task, own.get(count, down[n]))
    for task in sketch.sequence_tasks:
        sketch.head(task, down[reading_stage(sketch.image_size, count)])
    _hang_maps(sketch, down, count)


def _hang_maps(sketch: Sketch, down: Stages, count: int) -> None:
    if not (maps := sketch.map_tasks):
        return
    up, after = {}, down[count]
    for n in range(count - 1, 0, -1):
        after = up[n] = sketch.add(
            "unet_decoder", tr(UP, n=n), after, id=f"up {n}", skip=down[n], out_channels=WIDTHS[n - 1]
        )
    early = (down[1], down[2])
    for task, place in zip(maps, cycle([*(up[n] for n in sorted(up)), *early]), strict=False):
        if place in early:
            place = sketch.add("convolution", tr("Own"), place, id=f"{task.id} own", out_channels=_OWN[0])
        sketch.head(task, place)


TEMPLATE = Template(
    "depths",
    mark("Different depths"),
    mark("The first task hangs deepest, later ones ever earlier: for unlike tasks, such as labels and edges."),
    "depths",
    draw,
    order=6,
    source='Søgaard & Goldberg, "Deep Multi-Task Learning with Low Level Tasks Supervised at Lower Layers", 2016',
)

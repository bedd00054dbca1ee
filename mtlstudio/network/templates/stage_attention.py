"""Each task chooses what it takes from every depth of a shared encoder."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import stage_count, stages
from mtlstudio.network.patterns import Sketch, Template
from mtlstudio.network.ways import End, attentions, finish, vector_head

_FEW = 8
"""More tasks than these look at the deepest stages alone."""


def draw(sketch: Sketch) -> None:
    """One encoder for all. Each task attends to every stage and keeps what it took: vector tasks pool and join it all,
    map tasks go up again with it as skips."""
    count, tasks, vectors = stage_count(sketch.image_size), sketch.spec.tasks, sketch.vector_tasks
    trunk = stages(sketch, sketch.input(), 1, count)
    first = 1 if len(tasks) <= _FEW else count - 1
    for task in tasks:
        taken = attentions(sketch, task, [trunk[n] for n in range(first, count + 1)])
        if task not in vectors:
            skips = {n: End(layer) for n, layer in enumerate(taken[:-1], first)}
            finish(sketch, task, End(taken[-1]), count, skips)
            continue
        joined = sketch.add("concatenate", tr("Join"), id=f"{task.id} join")
        for n, layer in enumerate(taken, first):
            sketch.join(sketch.add("global_pool", tr("Pool {n}", n=n), layer, id=f"{task.id} pool {n}"), joined)
        vector_head(sketch, task, joined)


TEMPLATE = Template(
    "stage_attention",
    mark("Attention over stages"),
    mark("Each task picks from every depth of one encoder: for tasks that need both fine detail and the whole."),
    "layers",
    draw,
    order=32,
    source='After Liu et al., "End-to-End Multi-Task Learning with Attention", 2019, and Hariharan et al., '
    '"Hypercolumns", 2015',
)

"""Inputs that are joined half-way."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import Stages, ends, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template


def draw(sketch: Sketch) -> None:
    """First stages for each input, added at every size as in the paper; the last stages see the sum alone."""
    count = stage_count(sketch.image_size)
    middle = max(1, count // 2)
    inputs = [sketch.input(index) for index in range(len(sketch.spec.inputs))]
    names = [entering.id for entering in sketch.spec.inputs]
    fused: Stages = {}
    for n in range(1, middle + 1):
        inputs = [stages(sketch, after, n, n, prefix=f"{name} ")[n] for name, after in zip(names, inputs, strict=True)]
        fused[n] = sketch.add("add", tr("Fuse {n}", n=n), id=f"fuse {n}")
        for source in inputs:
            sketch.join(source, fused[n])
        inputs[0] = fused[n]  # the first input's way goes on from the sum
    trunk = fused | stages(sketch, fused[middle], middle + 1, count)
    ends(sketch, trunk, count, trunk)


TEMPLATE = Template(
    "middle_fusion",
    mark("Middle fusion"),
    mark("First layers for each input, then one trunk: when inputs show the same place but look unlike."),
    "fusion-middle",
    draw,
    order=71,
    source='Hazirbas et al., "FuseNet", 2016',
    inputs=2,
    sample="rgbd",
)

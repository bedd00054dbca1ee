"""Inputs that are joined before the first layer."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import ends, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template


def draw(sketch: Sketch) -> None:
    """All inputs become the channels of one picture; one trunk, and ways up with skips."""
    count = stage_count(sketch.image_size)
    fused = sketch.add("concatenate", tr("Fuse"), id="fuse")
    for index in range(len(sketch.spec.inputs)):
        sketch.join(sketch.input(index), fused)
    trunk = stages(sketch, fused, 1, count)
    ends(sketch, trunk, count, trunk)


TEMPLATE = Template(
    "early_fusion",
    mark("Early fusion"),
    mark("Two inputs as channels of one picture: cheapest, when they match pixel by pixel, such as colour and depth."),
    "fusion-early",
    draw,
    order=70,
    source='Couprie et al., "Indoor Semantic Segmentation using Depth Information", 2013',
    inputs=2,
    sample="rgbd",
)

"""A narrow code from which everything is decoded, the picture itself among it."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import WIDTHS, ends, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template


def draw(sketch: Sketch) -> None:
    """All tasks read one narrow code; maps, a reconstruction of the picture like the others, are decoded without skips.

    A skip would hand the picture to its reconstruction, and the code would learn nothing. A sequence is read before the
    code, which is too narrow to read from.
    """
    count = stage_count(sketch.image_size)
    encoder = stages(sketch, sketch.input(), 1, count)
    code = sketch.add(
        "convolution", tr("Code"), encoder[count], id="code", out_channels=WIDTHS[count - 1] // 4, kernel_size=1,
        activation="none",
    )  # fmt: skip
    ends(sketch, encoder | {count: code}, count, {})


TEMPLATE = Template(
    "autoencoder",
    mark("Autoencoder"),
    mark("The picture is rebuilt from what the tasks are read from: when few pictures have labels."),
    "autoencoder",
    draw,
    order=22,
    source='Ghifary et al., "Deep Reconstruction-Classification Networks", 2016',
    sample="autoencoder",
)

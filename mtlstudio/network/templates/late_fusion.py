"""Inputs that meet just before the heads."""

from __future__ import annotations

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.parts import Stages, decoder, reading_stage, stage_count, stages
from mtlstudio.network.patterns import Sketch, Template


def draw(sketch: Sketch) -> None:
    """A whole network for each input, its way up included; their last features are put side by side for the heads."""
    count = stage_count(sketch.image_size)
    encoders: list[Stages] = []
    ups: list[str] = []
    for index, entering in enumerate(sketch.spec.inputs):
        prefix = f"{entering.id} "
        encoders.append(stages(sketch, sketch.input(index), 1, count, prefix=prefix))
        if sketch.map_tasks:
            ups.append(decoder(sketch, encoders[-1][count], count - 1, 1, encoders[-1], prefix=prefix, convolutions=1))

    def fused(name: str, sources: list[str]) -> str:
        meeting = sketch.add("concatenate", tr("Fuse"), id=f"fuse {name}")
        for source in sources:
            sketch.join(source, meeting)
        return meeting

    reading = reading_stage(sketch.image_size, count)
    for tasks, name, sources in (
        (sketch.vector_tasks, "bottom", [encoder[count] for encoder in encoders]),
        (sketch.sequence_tasks, "columns", [encoder[reading] for encoder in encoders]),
        (sketch.map_tasks, "maps", ups),
    ):
        if tasks:
            meeting = fused(name, sources)
            for task in tasks:
                sketch.head(task, meeting)


TEMPLATE = Template(
    "late_fusion",
    mark("Late fusion"),
    mark(
        "A network for each input, joined before the heads: when inputs do not match in place, or one may be missing."
    ),
    "fusion-late",
    draw,
    order=72,
    source='Eitel et al., "Multimodal Deep Learning for Robust RGB-D Object Recognition", 2015',
    inputs=2,
    sample="rgbd",
)

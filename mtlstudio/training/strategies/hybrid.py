"""All tasks together, then the own layers of each alone on the trunk as it is."""

from __future__ import annotations

from collections.abc import Collection

from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.project.staging import trained
from mtlstudio.training.strategies.interface import Strategy, several_tasks


def _plan(spec: ProjectSpec, known: Collection[str]) -> tuple[StageSpec, ...]:
    alone = [
        StageSpec(tr("{task} alone", task=task.name), tasks=(task.id,), trains="own", restart=True)
        for task in spec.tasks
    ]
    alone = [stage for stage in alone if trained(spec, stage)]
    return (StageSpec(tr("Joint"), share=float(max(len(alone), 1)), restart=True), *alone)


STRATEGY = Strategy(
    "hybrid", mark("Hybrid"), mark("Joint for half of the epochs, then each task's own layers alone; the trunk rests."),
    "Ruder 2017, arXiv 1706.05098 (hard sharing); Kumar et al. 2022, arXiv 2202.10054 (heads on fixed features)",
    plan=_plan, hindrance=several_tasks, order=40,
)  # fmt: skip

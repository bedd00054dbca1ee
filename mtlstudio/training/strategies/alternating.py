"""The tasks take turns: each step, or each epoch, is one task's alone."""

from __future__ import annotations

from collections.abc import Collection

from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.training.strategies.interface import Strategy, several_tasks


def _by_batch(spec: ProjectSpec, known: Collection[str]) -> tuple[StageSpec, ...]:
    return (StageSpec(tr("In turn, by batch"), order="batch"),)


def _by_epoch(spec: ProjectSpec, known: Collection[str]) -> tuple[StageSpec, ...]:
    return (StageSpec(tr("In turn, by epoch"), order="epoch"),)


STRATEGY = (
    Strategy(
        "alternating", mark("Alternating batches"), mark("Each step is one task's alone, one task after the other."),
        "Collobert & Weston 2008; Luong et al. 2016, arXiv 1511.06114", plan=_by_batch, hindrance=several_tasks,
        order=20,
    ),
    Strategy(
        "alternating_epochs", mark("Alternating epochs"), mark("Each epoch is one task's alone, one task after the other."),
        "Ren et al. 2015, arXiv 1506.01497 (training in turns)", plan=_by_epoch, hindrance=several_tasks, order=21,
    ),
)  # fmt: skip

"""How a study ended, in a sentence for the whole window; and what its members are called."""

from __future__ import annotations

from typing import Literal

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import FAILED, FINISHED
from mtlstudio.studies.folder import StudyFolder
from mtlstudio.studies.study import SHARED, Member


def study_outcome(study: StudyFolder, status: str) -> tuple[str, Literal["info", "good", "warning"]]:
    """The sentence and its tone; of baselines the verdict itself."""
    headline = str((study.answer() or {}).get("headline") or "")
    if status == FINISHED:
        return f"{tr('{study} is done.', study=study.id)} {headline}".rstrip(), "good"
    if status == FAILED:
        return tr("{study} is done, but some of its runs failed.", study=study.id), "warning"
    return tr("{study} was stopped; it can go on.", study=study.id), "info"


def member_words(spec: ProjectSpec, role: str, changes_label: str = "") -> str:
    """`all together`, `Breed alone`, `network.split=3`."""
    if changes_label:
        return changes_label
    task = Member("", role, 0).task
    if task:
        names = {one.id: one.name for one in spec.tasks}
        return tr("{task} alone", task=names.get(task, task))
    return tr("all together") if role == SHARED else role

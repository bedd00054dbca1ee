"""Whether the targets of a data set are what the project's tasks and inputs need."""

from __future__ import annotations

from collections.abc import Collection

from mtlstudio.base.texts import mark
from mtlstudio.data import findings as f
from mtlstudio.data.inputs import PICTURE, beside
from mtlstudio.data.interface import Source, TargetInfo
from mtlstudio.project.problems import Problem, Severity
from mtlstudio.project.spec import DatasetSpec, ProjectSpec

PICTURE_TARGET = TargetInfo(PICTURE, mark("Picture"), "reconstruction", proposed=False)
"""The picture itself, which every data set offers."""


def offered(source: Source) -> tuple[TargetInfo, ...]:
    """All targets of a data set: those of its layout, and the picture itself."""
    own = tuple(source.targets)
    return (*own, PICTURE_TARGET) if offers_picture(source) else own


def offers_picture(source: Source) -> bool:
    """Whether the target `image` is the picture itself: no layout has one of that id."""
    return all(info.id != PICTURE for info in source.targets)


def input_sources(dataset: DatasetSpec, source: Source) -> dict[str, str]:
    """Input id -> target id, of those that are there."""
    known = {info.id for info in offered(source)}
    return {name: target for name, target in dataset.inputs.items() if target in known}


def input_misfits(spec: ProjectSpec, dataset: DatasetSpec, source: Source) -> list[Problem]:
    """Inputs that the data set does not bring."""
    known = [info.id for info in offered(source)]
    words, found = ", ".join(known), []
    for item in beside(spec):
        target = dataset.inputs.get(item.id)
        if target is None and item.type != PICTURE:
            found.append(_misfit(f.INPUT_NOWHERE, dataset, input=item.name, known=words))
        elif target is not None and target not in known:
            found.append(_misfit(f.INPUT_UNKNOWN, dataset, input=item.name, target=target, known=words))
    return found


def usable(spec: ProjectSpec, dataset: DatasetSpec, source: Source) -> dict[str, str]:
    """Task id -> target id, of those that are there and of the task's type."""
    types = {info.id: info.task_type for info in offered(source)}
    tasks = {task.id: task.type for task in spec.tasks}
    return {
        task: target for task, target in dataset.targets.items() if task in tasks and types.get(target) == tasks[task]
    }


def misfits(spec: ProjectSpec, dataset: DatasetSpec, source: Source) -> list[Problem]:
    """Tasks whose target is not there, or of another type or other classes."""
    infos = {info.id: info for info in offered(source)}
    found: list[Problem] = []
    for task in (task for task in spec.tasks if task.id in dataset.targets):
        target = dataset.targets[task.id]
        info = infos.get(target)
        if info is None:
            known = ", ".join(infos) or "—"
            found.append(_misfit(f.TARGET_UNKNOWN, dataset, target=target, task=task.name, known=known))
        elif info.task_type != task.type:
            found.append(
                _misfit(
                    f.TARGET_OTHER_TYPE,
                    dataset,
                    target=target,
                    task=task.name,
                    found=info.task_type,
                    expected=task.type,
                )
            )
        else:
            has, wants = (_count(thing.parameters.get("class_names", ())) for thing in (info, task))
            if has and wants and has != wants:
                found.append(_misfit(f.CLASSES_DIFFER, dataset, task=task.name, found=has, expected=wants))
    return found


def _misfit(code: str, dataset: DatasetSpec, **values: str | int) -> Problem:
    return f.finding(code, Severity.ERROR, "dataset", dataset.id, **values)


def _count(names: Collection[str]) -> int:
    return len(names)

"""From a folder to a project: which layout it has, which tasks can be learnt from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import slug
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark, tr
from mtlstudio.data.fits import PICTURE_TARGET
from mtlstudio.data.folders import check_folder
from mtlstudio.data.interface import Layout, TargetInfo, layout, layouts
from mtlstudio.data.project import open_source
from mtlstudio.project.spec import DatasetSpec, InputSpec, ProjectSpec, TaskSpec

TASK_COLOURS = ("#4C9BE8", "#F2A541", "#2FB98A", "#C77DBB", "#E3735E", "#9C8CF2", "#B8B04A", "#5BC0C9")

_LEAST_SURE = 0.3
_MOST_UPWARD = 4


def recognise(path: Path) -> DatasetSpec:
    """The folder as a data set, with its absolute path: the layout that recognises it most surely.

    Raises:
        StudioError: the folder is missing, empty, unreadable, or of no layout that is understood (names them all).
    """
    folder = Path(os.path.abspath(path))
    check_folder(folder)
    sure, best = max(((kind.recognise(folder), kind) for kind in _from_folders()), key=lambda pair: pair[0])
    if sure < _LEAST_SURE:
        raise StudioError(
            mark("how this folder is labelled is not understood"), where=str(path),
            fix=mark("Understood are: {known}"), known=" · ".join(_described(kind) for kind in _from_folders()),
        )  # fmt: skip
    name = folder.name or str(folder)
    return DatasetSpec(slug(name), name, best.id, str(folder), FrozenDict(best.settle(folder)))


def propose(project_name: str, paths: Sequence[Path], folder: Path, sample: str = "") -> ProjectSpec:
    """A project with data sets and tasks, still without a network.

    Args:
        paths: folders of labelled pictures; none: pictures that are drawn.
        folder: the project's; paths nearby are kept relative to it.
        sample: without paths, which drawn ones: "" the sample scenes; `rgbd` the scenes with depth as a second input;
            `autoencoder` the scenes with the picture itself as one more task; `digits` strings of digits.

    Raises:
        StudioError: as `recognise`; there is no such sample.
    """
    if not paths and sample not in SAMPLES:
        raise StudioError(
            mark("there is no sample {name!r}"), fix=mark("Known: {known}."), name=sample,
            known=", ".join(filter(None, SAMPLES)),
        )  # fmt: skip
    datasets = [recognise(path) for path in paths] or [_digits() if sample == "digits" else sample_scenes()]
    spec = ProjectSpec(project_name)
    for dataset in datasets:
        spec = add_dataset(spec, dataset, folder)
        spec = replace(spec, data=replace(spec.data, **layout(dataset.layout).data_settings))
    return spec if paths else SAMPLES[sample](spec)


def _with_depth_as_input(spec: ProjectSpec) -> ProjectSpec:
    """The scenes' depth as a second input instead of a task."""
    depth = InputSpec("depth", tr("Depth"), "map", 1)
    scenes = spec.datasets[0]
    targets = FrozenDict({task: target for task, target in scenes.targets.items() if target != "depth"})
    scenes = replace(scenes, targets=targets, inputs=FrozenDict(depth="depth"))
    tasks = tuple(task for task in spec.tasks if task.id in targets)
    return replace(spec, inputs=(*spec.inputs, depth), datasets=(scenes,), tasks=tasks)


def _with_reconstruction(spec: ProjectSpec) -> ProjectSpec:
    """One more task: the picture itself."""
    info = replace(PICTURE_TARGET, id="reconstruction", name=mark("Reconstruction"))
    task = _task(info, spec.tasks)
    scenes = spec.datasets[0]
    scenes = replace(scenes, targets=FrozenDict({**scenes.targets, task.id: PICTURE_TARGET.id}))
    return replace(spec, datasets=(scenes,), tasks=(*spec.tasks, task))


def _in_fewer_epochs(spec: ProjectSpec) -> ProjectSpec:
    """Strings are read without a fault after half of the usual epochs."""
    return replace(spec, training=replace(spec.training, epochs=10))


SAMPLES: dict[str, Callable[[ProjectSpec], ProjectSpec]] = {
    "": lambda spec: spec,
    "rgbd": _with_depth_as_input,
    "autoencoder": _with_reconstruction,
    "digits": _in_fewer_epochs,
}
"""Name of a sample -> what it makes of the project of its pictures."""


def _digits() -> DatasetSpec:
    return DatasetSpec("digits", tr("Digit strings"), "digit_strings")


def sample_scenes() -> DatasetSpec:
    """The sample scenes with all dials at their defaults."""
    return DatasetSpec("scenes", tr("Sample scenes"), "scenes")


def add_dataset(spec: ProjectSpec, dataset: DatasetSpec, folder: Path) -> ProjectSpec:
    """The project with one more data set and tasks for its targets.

    A target joins a task that is there already where id, type and classes agree.

    Raises:
        StudioError: the data set cannot be opened.
    """
    if dataset.path:
        dataset = replace(dataset, path=_near(Path(os.path.abspath(folder / dataset.path)), folder))
    dataset = replace(dataset, id=slug(dataset.name, {other.id for other in spec.datasets}))
    tasks = list(spec.tasks)
    targets: dict[str, str] = {}
    for info in open_source(dataset, folder).targets:
        if not info.proposed:
            continue
        joined = next((task for task in tasks if _same(task, info)), None)
        if joined is None:
            joined = _task(info, tasks)
            tasks.append(joined)
        targets[joined.id] = info.id
    dataset = replace(dataset, targets=FrozenDict(targets))
    return replace(spec, datasets=(*spec.datasets, dataset), tasks=tuple(tasks))


def _task(info: TargetInfo, tasks: Sequence[TaskSpec]) -> TaskSpec:
    colour = TASK_COLOURS[len(tasks) % len(TASK_COLOURS)]
    return TaskSpec(slug(info.id, {task.id for task in tasks}), tr(info.name), info.task_type, colour, info.parameters)


def _same(task: TaskSpec, info: TargetInfo) -> bool:
    return task.id == slug(info.id) and task.type == info.task_type and task.parameters == info.parameters


def _near(path: Path, folder: Path) -> str:
    """The path relative to the project where it lies nearby, so that both can be moved together; else whole."""
    base = Path(os.path.abspath(folder))
    try:
        relative = Path(os.path.relpath(path, base))
    except ValueError:  # another drive
        return path.as_posix()
    upward = sum(part == ".." for part in relative.parts)
    rooted = len(base.parts) - upward <= 1
    return path.as_posix() if upward > _MOST_UPWARD or rooted else relative.as_posix()


def _from_folders() -> list[Layout]:
    return [kind for kind in layouts() if kind.needs_path]


def _described(kind: Layout) -> str:
    return f"{tr(kind.name)} ({tr(kind.summary).rstrip('.。')})"

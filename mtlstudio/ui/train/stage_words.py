"""Stages and states of tasks in words. No Qt."""

from __future__ import annotations

from collections.abc import Mapping

from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.project.stages import TASK_STATES
from mtlstudio.project.staging import windows
from mtlstudio.runs.events import StageStarted, TaskStateChanged

_ORDERS = {"batch": mark("in turn by batch"), "epoch": mark("in turn by epoch")}
_TRAINS = {
    "branches": mark("trunk frozen"), "own": mark("own layers only"), "thawed": mark("trunk's last {n} thawed"),
    "layers": mark("named layers only"),
}  # fmt: skip
_META = {"fomaml": mark("first-order MAML"), "reptile": mark("Reptile")}


def epochs_of(spec: ProjectSpec) -> list[int]:
    """Epochs of each stage in a run of the project's length."""
    return [window.epochs for window in windows(spec.training.strategy, spec.training.epochs)]


def epochs_words(epochs: int) -> str:
    """`1 epoch`, `12 epochs`."""
    return ntr("{n} epoch", "{n} epochs", epochs)


def title_of(number: int, name: str) -> str:
    """`2 · Breed alone`; `number` from 1."""
    return f"{number} · {name}" if name else tr("Stage {n}", n=number)


def short_title(event: StageStarted, most: int = 16) -> str:
    """The title of a stage where there is little room: `2 · All layers, …`."""
    words = title_of(event.number, event.name)
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def detail(spec: ProjectSpec, stage: StageSpec) -> str:
    """What counts, in which order, what is trained: `Species, Breed · in turn by batch · trunk frozen`."""
    names = {task.id: task.name for task in spec.tasks}
    parts = [", ".join(names.get(task, task) for task in stage.tasks) or tr("all tasks")]
    if stage.order in _ORDERS:
        parts.append(tr(_ORDERS[stage.order]))
    if stage.trains in _TRAINS:
        parts.append(tr(_TRAINS[stage.trains], n=stage.depth))
    if stage.meta in _META:
        parts.append(tr(_META[stage.meta]))
    if stage.distillation:
        parts.append(tr("old outputs kept"))
    if stage.rehearsal < 1:
        parts.append(tr("{share} of the old samples", share=f"{stage.rehearsal:.0%}"))
    if stage.learning_rate != 1:
        parts.append(f"η × {stage.learning_rate:g}")
    return " · ".join(parts)


def state_words(event: TaskStateChanged) -> str:
    """`muted`, `frozen`, `trained again`, `at rest`: for a mark on the task's plot."""
    if event.cause == "patience":
        return tr("at rest")
    return tr("trained again") if event.after == "trained" else tr(TASK_STATES.get(event.after, event.after)).lower()


def marked_words(event: StageStarted | TaskStateChanged, names: Mapping[str, str]) -> str:
    """A line in the list of marks: `2 · Breed alone`, `Species muted`."""
    if isinstance(event, StageStarted):
        return short_title(event, 22)
    return tr("{task} {state}", task=names.get(event.task, event.task), state=state_words(event))

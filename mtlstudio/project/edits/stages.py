"""Edits of the stages of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mtlstudio.base.frozen import freeze
from mtlstudio.base.texts import mark
from mtlstudio.project.declared import parameters_of
from mtlstudio.project.edits.common import refuse
from mtlstudio.project.spec import ProjectSpec, StageSpec


def set_strategy(spec: ProjectSpec, stages: Sequence[StageSpec]) -> ProjectSpec:
    """Trains in other stages; none: all tasks jointly throughout."""
    return replace(spec, training=replace(spec.training, strategy=tuple(stages)))


def add_stage(spec: ProjectSpec, stage: StageSpec, place: int | None = None) -> ProjectSpec:
    """Adds a stage before another one, or last."""
    stages = list(spec.training.strategy)
    stages.insert(len(stages) if place is None else place, stage)
    return set_strategy(spec, stages)


def remove_stage(spec: ProjectSpec, place: int) -> ProjectSpec:
    """Removes a stage.

    Raises:
        EditRefused: there is none at that place (from 0).
    """
    _require(spec, place)
    stages = spec.training.strategy
    return set_strategy(spec, (*stages[:place], *stages[place + 1 :]))


def move_stage(spec: ProjectSpec, place: int, to: int) -> ProjectSpec:
    """Moves a stage to another place.

    Raises:
        EditRefused: there is none at that place (from 0).
    """
    _require(spec, place)
    stages = list(spec.training.strategy)
    stages.insert(max(to, 0), stages.pop(place))
    return set_strategy(spec, stages)


def set_stage(spec: ProjectSpec, place: int, **changes: Any) -> ProjectSpec:
    """Changes fields of a stage.

    Raises:
        EditRefused: there is no such stage or field.
        StudioError: a value does not fit; says what was expected.
    """
    _require(spec, place)
    known = {parameter.name: parameter for parameter in parameters_of(StageSpec)}
    for name in changes:
        if name not in known:
            refuse(mark("A stage has no {field!r}"), mark("Known: {known}."), field=name, known=", ".join(known))
    checked = {name: freeze(known[name].check(value)) for name, value in changes.items()}
    stages = list(spec.training.strategy)
    stages[place] = replace(stages[place], **checked)
    return set_strategy(spec, stages)


def tidy_stages(spec: ProjectSpec) -> ProjectSpec:
    """Leaves out what stages say of tasks and layers that are not there, and stages that spoke of nothing else."""
    layers = {layer.id for layer in spec.network.layers}
    kept: list[StageSpec] = []
    for stage in spec.training.strategy:
        tidied = replace(
            stage,
            tasks=tuple(task for task in stage.tasks if task in spec.task_ids),
            old_tasks=tuple(task for task in stage.old_tasks if task in spec.task_ids),
            layers=tuple(layer for layer in stage.layers if layer in layers),
        )
        emptied = (stage.tasks and not tidied.tasks) or (stage.trains == "layers" and not tidied.layers)
        if not emptied:
            kept.append(tidied)
    return set_strategy(spec, kept)


def _require(spec: ProjectSpec, place: int) -> None:
    if not 0 <= place < len(spec.training.strategy):
        refuse(mark("There is no stage {n}"), n=place + 1)

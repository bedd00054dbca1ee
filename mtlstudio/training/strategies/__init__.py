"""Strategies: ready-made plans of stages, one file each; a module declares `STRATEGY` (one, or a tuple of them)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.rooms import declared_in
from mtlstudio.base.texts import mark
from mtlstudio.project import fields
from mtlstudio.project.edits import set_strategy
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.runs.folder import find_run
from mtlstudio.training.strategies.interface import Strategy

FIELD = "training.strategy"


def strategies() -> tuple[Strategy, ...]:
    """All strategies there are."""
    found: tuple[Strategy, ...] = declared_in("mtlstudio.training.strategies", "STRATEGY")
    return tuple(sorted(found, key=lambda strategy: strategy.order))


def strategy(strategy_id: str) -> Strategy:
    """The strategy of that id.

    Raises:
        StudioError: there is none; names those there are.
    """
    known = {item.id: item for item in strategies()}
    if strategy_id not in known:
        raise StudioError(
            mark("there is no strategy {name!r}"), where=FIELD, fix=mark("Known: {known}."), name=strategy_id,
            known=", ".join(known),
        )  # fmt: skip
    return known[strategy_id]


def known_tasks(spec: ProjectSpec, folder: Path | None) -> tuple[str, ...]:
    """The project's tasks that the run it starts from has learned; all but the last where no such run can be read."""
    start = spec.training.start_from.strip()
    if folder is not None and start:
        try:
            learned = find_run(folder, start).spec().task_ids
        except StudioError:  # told when the run is started
            return spec.task_ids[:-1]
        return tuple(task for task in spec.task_ids if task in learned)
    return spec.task_ids[:-1]


def with_strategy(spec: ProjectSpec, strategy_id: str, folder: Path | None = None) -> ProjectSpec:
    """The project with the stages of a strategy.

    Raises:
        StudioError: there is no such strategy, or it does not suit the project.
    """
    return set_strategy(spec, strategy(strategy_id).stages(spec, known_tasks(spec, folder)))


def recognised(spec: ProjectSpec, known: Collection[str]) -> str:
    """Id of the strategy that the project's stages are those of, whatever they are called; "" for a plan of one's own."""
    for item in strategies():
        if not item.lacks(spec) and _unnamed(item.stages(spec, known)) == _unnamed(spec.training.strategy):
            return item.id
    return ""


def _unnamed(stages: Collection[StageSpec]) -> list[StageSpec]:
    return [replace(stage, name="") for stage in stages]


fields.add_reader(FIELD, with_strategy)

__all__ = ["FIELD", "Strategy", "known_tasks", "recognised", "strategies", "strategy", "with_strategy"]

"""Plans: which runs answer a question. Pure but for the data's fingerprint."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import slug
from mtlstudio.base.texts import mark
from mtlstudio.project.edits import remove_task, set_split_point, split_positions
from mtlstudio.project.fields import set_fields
from mtlstudio.project.spec import MethodSpec, ProjectSpec
from mtlstudio.studies.study import BASELINES, POINT, SEEDS, SHARED, SWEEP, Change, Member, Study, alone

SPLIT = "network.split"
"""A field that only sweeps know: where the trunk ends, as a number of shared layers or the id of the last one."""

_MOST = 10_000

Axis = tuple[str, tuple[str, ...]]
"""A field and the values that a sweep gives it."""


def baselines(spec: ProjectSpec, folder: Path, seeds: int) -> Study:
    """The network as it is, and every task alone, with the same budget, seeds and data.

    Args:
        spec: the project, as it is to be trained.
        folder: the project's.
        seeds: how many, from the project's own on.

    Raises:
        StudioError: fewer than two tasks, no seed, or no data.
    """
    return Study(BASELINES, spec, fingerprint(spec, folder), baseline_members(spec, seeds))


def baseline_members(spec: ProjectSpec, seeds: int) -> tuple[Member, ...]:
    """The runs of a study of baselines, seed by seed: a study that is broken off has whole rows.

    Raises:
        StudioError: fewer than two tasks, or no seed.
    """
    if len(spec.tasks) < 2:
        raise StudioError(mark("with a single task nothing is shared"), fix=mark("Add a second task."))
    roles = [SHARED, *(alone(task) for task in spec.task_ids)]
    return tuple(Member(f"{slug(role)}_s{seed}", role, seed) for seed in _seeds(spec, seeds) for role in roles)


def several_seeds(spec: ProjectSpec, folder: Path, seeds: int) -> Study:
    """The network as it is, with several seeds (or one: a training for the queue)."""
    return Study(SEEDS, spec, fingerprint(spec, folder), seed_members(spec, seeds))


def seed_members(spec: ProjectSpec, seeds: int) -> tuple[Member, ...]:
    """The runs of several seeds."""
    return tuple(Member(f"s{seed}", SHARED, seed) for seed in _seeds(spec, seeds))


def sweep(spec: ProjectSpec, folder: Path, axes: Sequence[Axis], seeds: int) -> Study:
    """A grid over any fields, each point with the same seeds.

    Raises:
        StudioError: no values, a field that is not there, a value that does not fit, a split that is refused; or no data.
    """
    members = sweep_members(spec, axes, seeds)
    return Study(SWEEP, spec, fingerprint(spec, folder), members)


def sweep_members(spec: ProjectSpec, axes: Sequence[Axis], seeds: int) -> tuple[Member, ...]:
    """The runs of a sweep.

    Raises:
        StudioError: no values, a field that is not there, a value that does not fit, a split that is refused.
    """
    for field, values in axes:
        if not values:
            raise StudioError(mark("{field} has no values"), fix=mark("Write it as KEY=V1,V2,…"), field=field)
    if len({field for field, _ in axes}) < len(axes):
        raise StudioError(mark("a field stands there twice"), fix=mark("Give each field once, with all its values."))
    grid = [tuple(zip((field for field, _ in axes), values, strict=True))
            for values in itertools.product(*(values for _, values in axes))]  # fmt: skip
    if len(grid) * max(seeds, 1) > _MOST:
        raise StudioError(
            mark("{n} runs are too many for one sweep"), fix=mark("Take fewer values."), n=len(grid) * seeds
        )
    for point in grid:
        at_point(spec, point)
    return tuple(
        Member(f"p{number}_s{seed}", POINT, seed, point)
        for seed in _seeds(spec, seeds)
        for number, point in enumerate(grid, 1)
    )


def member_spec(study: Study, member: Member) -> ProjectSpec:
    """The project that a member is trained with.

    Raises:
        StudioError: the task, a field or a split is refused.
    """
    spec = study.project
    if member.task:
        spec = alone_spec(spec, member.task)
    elif member.changes:
        spec = at_point(spec, member.changes)
    return replace(spec, training=replace(spec.training, seed=member.seed))


def alone_spec(spec: ProjectSpec, task_id: str) -> ProjectSpec:
    """The project of one task alone: its own way through the same network, its loss unweighted, nothing to balance, no
    stages.

    Raises:
        EditRefused: there is no such task.
    """
    for other in spec.task_ids:
        if other != task_id:
            spec = remove_task(spec, other)
    tasks = tuple(replace(task, loss_weight=1.0, weight_schedule=(), state="trained") for task in spec.tasks)
    training = replace(spec.training, balancing=MethodSpec("equal"), strategy=())
    return replace(spec, tasks=tasks, training=training)


def at_point(spec: ProjectSpec, point: Sequence[Change]) -> ProjectSpec:
    """The project with the fields of a point of a sweep set.

    Raises:
        StudioError: there is no such field, or the value does not fit.
    """
    for field, value in point:
        if field == SPLIT:
            spec = set_split_point(spec, _position(spec, value))
    return set_fields(spec, [(field, value) for field, value in point if field != SPLIT])


def fingerprint(spec: ProjectSpec, folder: Path) -> str:
    """Of the project's data with its splits, as it lies there now.

    Raises:
        StudioError: the data cannot be opened.
    """
    from mtlstudio.data.project import open_data

    return open_data(spec, Path(folder)).fingerprint()


def _position(spec: ProjectSpec, text: str) -> int:
    word = text.strip()
    if word.isdecimal():
        return int(word)
    known = {position.layer: position.index for position in split_positions(spec) if position.layer}
    if word not in known:
        raise StudioError(
            mark("the trunk cannot end at {layer!r}"), where=SPLIT, fix=mark("A number of layers, or one of: {known}."),
            layer=word, known=", ".join(known),
        )  # fmt: skip
    return known[word]


def _seeds(spec: ProjectSpec, count: int) -> range:
    if count < 1:
        raise StudioError(mark("a study needs at least one seed, not {n}"), n=count)
    return range(spec.training.seed, spec.training.seed + count)

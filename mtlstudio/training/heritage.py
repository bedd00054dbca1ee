"""Starting from another run: its weights, what its pictures and targets were standardised with, what it measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.network.inherit import Heritage, Inheritance
from mtlstudio.network.trained import read_facts
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.affinity import affinity
from mtlstudio.runs.checkpoints import NETWORK_FILE, CheckpointInfo
from mtlstudio.runs.events import AffinityMeasured
from mtlstudio.runs.folder import RunFolder, find_run
from mtlstudio.training import notes

Note = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Ancestor:
    """The run that another starts from.

    Attributes:
        run: its folder.
        checkpoint: its best one, or the last where none is best.
        spec: its snapshot.
        facts: what its pictures and targets were standardised with.
    """

    run: RunFolder
    checkpoint: CheckpointInfo
    spec: ProjectSpec
    facts: dict[str, Any]


def ancestor_of(spec: ProjectSpec, folder: Path, run: str = "") -> Ancestor | None:
    """The run named by `training.start_from`, or None where none is.

    Args:
        folder: the project's.
        run: id of the run that starts.

    Raises:
        StudioError: there is no such run, it has no checkpoint, or it is damaged.
    """
    name = spec.training.start_from.strip()
    if not name:
        return None
    found = find_run(folder, name)
    if found.id == run:
        raise StudioError(
            mark("a run cannot start from itself"), where=run, fix=mark("Name another run in training.start_from.")
        )
    checkpoint = found.store.find("best")
    return Ancestor(found, checkpoint, found.spec(), read_facts(checkpoint.path / NETWORK_FILE))


def kept_facts(own: dict[str, Any], spec: ProjectSpec, ancestor: Ancestor) -> dict[str, Any]:
    """The figures of the run's own data, with those of the ancestor where its weights rest on them.

    Pictures are standardised as they were where the inputs and the way of standardising are the same; so are the
    targets of each task whose type and parameters are the same.
    """
    then, facts = ancestor.spec, ancestor.facts
    kept = dict(own)
    if spec.inputs == then.inputs and spec.data.normalisation == then.data.normalisation:
        kept |= {name: facts[name] for name in own if name != "statistics" and name in facts}
    tasks = {task.id: (task.type, task.parameters) for task in then.tasks}
    same = [task.id for task in spec.tasks if tasks.get(task.id) == (task.type, task.parameters)]
    told = {task: facts["statistics"][task] for task in same if task in facts["statistics"]}
    return {**kept, "statistics": {**own["statistics"], **told}}


def heritage_notes(found: Inheritance, ancestor: Ancestor) -> list[Note]:
    """What a run has to say of its start weights: the whole account first, then what is not simply kept."""
    whole = len(found.of_kind(Heritage.ITSELF)) + len(found.of_kind(Heritage.COPIED))
    partly, anew = found.of_kind(Heritage.PARTLY), found.of_kind(Heritage.ANEW)
    values = {
        "run": ancestor.run.id, "step": ancestor.checkpoint.step, "whole": whole, "partly": len(partly),
        "anew": len(anew), "inheritance": found.as_plain(),
    }  # fmt: skip
    told: list[Note] = [(notes.INHERITED, values)]
    told += [
        (notes.INHERITED_COPY, {"layer": item.name, "source": item.source_name})
        for item in found.of_kind(Heritage.COPIED)
    ]
    told += [
        (
            notes.INHERITED_PARTLY,
            {
                "layer": item.name, "source": item.source_name, "taken": len(item.taken), "anew": len(item.anew),
                "reason": item.why(),
            },
        )
        for item in partly
    ]  # fmt: skip
    told += [(notes.STARTED_ANEW, {"layer": item.name, "reason": item.why()}) for item in anew]
    for item in found.lost:
        code = notes.WEIGHTS_REPLACED if item.instead else notes.WEIGHTS_LOST
        told.append((code, {"layer": item.name, "run": ancestor.run.id, "other": item.instead}))
    return told


def affinity_in(folder: Path, tasks: Sequence[str], run: str) -> tuple[float, ...]:
    """How far the tasks were seen to help one another in an earlier run: see `runs.affinity.Affinity.helped`.

    Args:
        folder: the project's.
        tasks: ids, the order of rows and columns.
        run: its id or name.

    Returns:
        T × T numbers, row by row, 0 for pairs that were not measured; none where there is no such run, or it measured
        nothing of these tasks.
    """
    try:
        events = find_run(folder, run).events(skip=("steps_measured", "preview_taken"))
    except StudioError:
        return ()
    found = affinity([event for event in events if isinstance(event, AffinityMeasured)], tasks)
    if found is None:
        return ()
    return tuple(0.0 if math.isnan(value) else value for value in found.helped.flatten().tolist())

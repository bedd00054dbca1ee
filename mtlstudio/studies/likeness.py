"""How alike the features are that tasks make of the same pictures when each is trained alone: which layers could be
shared. From the runs of a study of baselines.

Source of the idea: Dwivedi and Roig 2019, "Representation Similarity Analysis for Efficient Task Taxonomy & Transfer
Learning", arXiv 1904.11740; measured with linear CKA here (`inspection.similarity`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.inspection.similarity import between_runs
from mtlstudio.runs.folder import RunFolder
from mtlstudio.studies.folder import StudyFolder
from mtlstudio.studies.study import BASELINES, SHARED, alone

MOST_IN_PAIRS = 6
"""More tasks are compared with the shared network alone: their pairs are too many."""
_PICTURES = 96


@dataclass(frozen=True)
class Likeness:
    """Linear CKA, layer by layer.

    Attributes:
        layers: (id, name) in the order of the network.
        columns: pairs of task ids; ("", task): the shared network and the task alone.
        values: (layer id, number of the column) -> CKA; missing where one of the two has no such layer.
        pictures: it was measured on; `seed`: of the runs.
    """

    layers: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    values: dict[tuple[str, int], float]
    pictures: int
    seed: int


def likeness(
    folder: StudyFolder, split: str = "val", progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Likeness:  # fmt: skip
    """Compares the runs of the first seed of which all are trained.

    Raises:
        StudioError: it is no study of baselines, no seed is complete, or there are too few pictures.
    """
    study = folder.study()
    if study.kind != BASELINES:
        raise StudioError(mark("this is no study of baselines"), where=folder.id)
    seed, runs = _complete(folder)
    tasks = study.project.task_ids
    pairs = list(itertools.combinations(tasks, 2)) if len(tasks) <= MOST_IN_PAIRS else [("", task) for task in tasks]
    values: dict[tuple[str, int], float] = {}
    pictures = 0
    for number, (first, second) in enumerate(pairs):
        if cancelled is not None and cancelled():
            break
        if progress is not None:
            progress(number, len(pairs))
        one = runs[alone(first) if first else SHARED]
        found = between_runs(
            folder.project_folder, one, runs[alone(second)], split, pictures=_PICTURES, cancelled=cancelled,
            device=study.project.training.device,
        )  # fmt: skip
        for item in found:
            pictures = max(pictures, item.pictures)
            if math.isfinite(item.value):
                values[item.first, number] = item.value
    seen = {layer for layer, _ in values}
    layers = tuple((layer.id, layer.name) for layer in study.project.network.layers if layer.id in seen)
    return Likeness(layers, tuple(pairs), values, pictures, seed)


def _complete(folder: StudyFolder) -> tuple[int, dict[str, RunFolder]]:
    """The first seed of which all runs are trained, and these by their role."""
    study = folder.study()
    for seed in study.seeds:
        states = [state for state in folder.states() if state.member.seed == seed]
        runs = {state.member.role: state.run for state in states if state.trained and state.run is not None}
        if len(runs) == len(states):
            return seed, runs
    raise StudioError(mark("none of the seeds of this study is trained to the end yet"), where=folder.id)

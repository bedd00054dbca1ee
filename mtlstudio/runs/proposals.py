"""What could be shared otherwise, proposed from what a run measured; and the edits that carry it out.

Trained weights are inherited: a copied layer remembers what it was copied from.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mtlstudio.base.texts import mark
from mtlstudio.project import edits
from mtlstudio.project.edits import EditRefused
from mtlstudio.project.graph import INPUT_TYPE, CycleError, crossing, order, reaches, shared_behind
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.affinity import EXACT, Groups
from mtlstudio.runs.interactions import Conflict, Interactions, Matrix

SOURCE = "Shi et al. 2023, Recon, arXiv 2302.11289"


@dataclass(frozen=True)
class SplitProposal:
    """Some tasks are to have a layer, and what comes behind it, of their own.

    Attributes:
        layer: id of the first such layer.
        tasks: ids of those that go, in the order of the rows; the others keep the layer.
        because: the worst conflict in it between one that goes and one that stays.
        along: ids of the layers behind it that are parted with it, as far as they are still shared by both sides.
    """

    layer: str
    tasks: tuple[str, ...]
    because: Conflict
    along: tuple[str, ...]


def split_proposal(found: Interactions, spec: ProjectSpec) -> SplitProposal | None:
    """The split that would part the worst conflict measured; None where there is none that lasts.

    The tasks of the layer are parted in two so that the mean cosine across is lowest; the split begins at the earliest
    layer from which on the two sides pull apart all the way.

    Args:
        found: of a run.
        spec: the design that is to be changed; layers that it does not share any more are passed over.

    Source: Shi et al. 2023, "Recon", arXiv 2302.11289, which makes the layers with the worst conflicts the tasks' own.
    Deviation: what lies behind such a layer is parted too, since its output is no longer one for all.
    """
    sharing = shared_layers(spec)
    for conflict in found.conflicts():
        tasks = [task for task in found.tasks if task in sharing.get(conflict.layer, frozenset())]
        if conflict.first in tasks and conflict.second in tasks:
            away = _parted(found.cosine(conflict.layer), found.tasks, tasks, conflict)
            start = _earliest(found, sharing, conflict, away)
            behind = shared_behind(spec.network, start)
            along = [i for i in sharing if i in behind and sharing[i] & set(away) and sharing[i] - set(away)]
            return SplitProposal(start, away, conflict, tuple(along))
    return None


def split_carried_out(spec: ProjectSpec, proposal: SplitProposal) -> ProjectSpec:
    """The design in which the tasks have the layer of their own.

    Raises:
        EditRefused: the layer is gone, or no longer shared in that way.
    """
    if all(layer.id != proposal.layer for layer in spec.network.layers):
        raise EditRefused(mark("The layer is not in this design any more"))
    return edits.split_off(spec, proposal.layer, proposal.tasks)


def grouped(spec: ProjectSpec, groups: Groups, layer: str) -> ProjectSpec:
    """The design in which each group of tasks has a layer, and what comes behind it, of its own: a tree.

    Args:
        groups: ids of tasks; the first keeps the layer.
        layer: id of the layer from which on they part.

    Raises:
        EditRefused: it is not shared by tasks of two groups.
    """
    if all(item.id != layer for item in spec.network.layers):
        raise EditRefused(mark("The layer is not in this design any more"))
    tasks = reaches(spec.network)[layer]
    here = [frozenset(group) & tasks for group in groups]
    here = [group for group in here if group]
    if len(here) < 2:
        raise EditRefused(
            mark("“{layer}” is not shared by tasks of different groups"), layer=spec.network.layer(layer).name
        )
    for group in here[1:]:
        spec = edits.split_off(spec, layer, group)
    return spec


def parting_layer(spec: ProjectSpec, groups: Groups) -> str | None:
    """Where groups of tasks would best part: half way along the layers that tasks of several groups share, so that
    what is general stays common and what is particular is not; None where they share none."""
    sharing = shared_layers(spec)
    owner = {task: number for number, group in enumerate(groups) for task in group}
    common = [layer for layer, tasks in sharing.items() if len({owner.get(task) for task in tasks} - {None}) > 1]
    weighty = [layer for layer in common if len(sharing[layer]) == max(len(sharing[i]) for i in common)]
    return weighty[len(weighty) // 2] if weighty else None


def shared_layers(spec: ProjectSpec) -> dict[str, frozenset[str]]:
    """Layer id -> the tasks that share it, in the order of the network; only layers that can be split: no inputs, and
    none between tasks."""
    network = spec.network
    try:
        ordered = order(network)
    except CycleError:
        return {}
    tasks, between = reaches(network), crossing(network)
    kinds = {layer.id: layer.type for layer in network.layers}
    return {
        layer: tasks[layer]
        for layer in ordered
        if len(tasks[layer]) > 1 and layer not in between and kinds[layer] != INPUT_TYPE
    }


def _parted(cosines: Matrix, rows: Sequence[str], tasks: Sequence[str], conflict: Conflict) -> tuple[str, ...]:
    """The tasks that go: one side of the cut between the two in conflict across which the mean cosine is lowest; the
    smaller side, or that without the first row."""
    others = [task for task in tasks if task not in (conflict.first, conflict.second)]
    places = {task: rows.index(task) for task in tasks}

    def across(side: frozenset[str]) -> float:
        one = [places[task] for task in tasks if task in side]
        other = [places[task] for task in tasks if task not in side]
        values = cosines[np.ix_(one, other)]
        known = values[np.isfinite(values)]
        return float(known.mean()) if len(known) else math.inf

    sides = (frozenset((conflict.second, *some)) for some in _choices(others))
    side = min(sides, key=lambda part: (across(part), len(part)))
    rest = frozenset(tasks) - side
    goes = min((side, rest), key=lambda part: (len(part), tasks[0] in part))
    return tuple(task for task in tasks if task in goes)


def _choices(others: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """Who may go along; of many tasks only nobody, anyone alone, or everybody else."""
    if len(others) <= EXACT - 2:
        return itertools.chain.from_iterable(itertools.combinations(others, n) for n in range(len(others) + 1))
    return itertools.chain([()], ((task,) for task in others), [tuple(others)])


def _earliest(
    found: Interactions, sharing: Mapping[str, frozenset[str]], conflict: Conflict, away: Sequence[str]
) -> str:
    """The first layer of the stretch up to the conflict in which the pair pulls apart without a break."""
    pair = {conflict.first, conflict.second}
    way = [layer for layer in sharing if pair <= sharing[layer] and layer in found.layers]
    apart = {item.layer for item in found.conflicts() if {item.first, item.second} == pair}
    start = way.index(conflict.layer)
    while start > 0 and way[start - 1] in apart and sharing[way[start - 1]] >= set(away):
        start -= 1
    return way[start]

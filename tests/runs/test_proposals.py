"""Splits and groups proposed from what was measured, and carried out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mtlstudio.project.edits import EditRefused
from mtlstudio.project.graph import reaches
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import GradientsMeasured
from mtlstudio.runs.interactions import Interactions
from mtlstudio.runs.proposals import grouped, parting_layer, shared_layers, split_carried_out, split_proposal
from tests.project.building import project

TASKS = ("a", "b", "c")
LAYERS = ("stem", "stage1", "stage2", "stage3")


def design(tasks: tuple[str, ...] = TASKS, layers: tuple[str, ...] = LAYERS) -> ProjectSpec:
    """A trunk of layers that all tasks share, and a head each."""
    return project({task: " ".join(("image", *layers, f"head_{task}")) for task in tasks})


def measured(apart: dict[str, np.ndarray], tasks: tuple[str, ...] = TASKS, count: int = 8) -> Interactions:
    """Measurements with these matrices of cosines (layer -> T × T)."""
    found = Interactions(tasks)
    products = {layer: tuple(map(tuple, matrix.tolist())) for layer, matrix in apart.items()}
    found.take(
        GradientsMeasured(1.0, 50 * (n + 1), n, tasks, dict.fromkeys(tasks, 1.0), products) for n in range(count)
    )
    return found


def cosines(size: int = 3, **pairs: float) -> np.ndarray:
    """Cosines 0.3 but for some pairs, named as `ab`."""
    matrix = np.full((size, size), 0.3)
    np.fill_diagonal(matrix, 1.0)
    for pair, value in pairs.items():
        i, j = ("abcdefghij".index(name) for name in pair)
        matrix[i, j] = matrix[j, i] = value
    return matrix


def test_the_odd_one_gets_its_own_from_where_it_pulls_apart() -> None:
    spec = design()
    apart = cosines(ab=-0.4, bc=-0.3)
    found = measured({"stem": cosines(), "stage1": cosines(), "stage2": apart, "stage3": apart})
    proposal = split_proposal(found, spec)
    assert proposal is not None
    assert proposal.tasks == ("b",) and proposal.layer == "stage2" and proposal.along == ("stage3",)
    assert (proposal.because.first, proposal.because.second) == ("a", "b")
    changed = split_carried_out(spec, proposal)
    shared = shared_layers(changed)
    assert shared["stem"] == shared["stage1"] == set(TASKS)
    assert shared["stage2"] == shared["stage3"] == {"a", "c"}
    own = [layer for layer in changed.network.layers if reaches(changed.network)[layer.id] == {"b"}]
    assert {layer.origin for layer in own} >= {"stage2", "stage3"}


def test_groups_that_agree_inside_go_together() -> None:
    tasks = ("a", "b", "c", "d")
    across = dict.fromkeys(("ac", "ad", "bc", "bd"), -0.4)
    proposal = split_proposal(measured({"stage3": cosines(4, **across)}, tasks), design(tasks))
    assert proposal is not None and proposal.tasks == ("c", "d")


def test_nothing_is_proposed_without_a_conflict_that_lasts() -> None:
    assert split_proposal(measured({"stage3": cosines()}), design()) is None
    assert split_proposal(measured({"stage3": cosines(ab=-0.9)}, count=3), design()) is None
    assert split_proposal(Interactions(TASKS), design()) is None


def test_what_the_design_does_not_share_any_more_is_passed_over() -> None:
    spec = design()
    found = measured({"stage2": cosines(ab=-0.4), "stage3": cosines(ab=-0.5)})
    first = split_proposal(found, spec)
    assert first is not None
    after = split_carried_out(spec, first)
    second = split_proposal(found, after)
    assert second is None or second != first
    with pytest.raises(EditRefused):
        split_carried_out(after, first)


def test_a_layer_that_is_gone_is_refused() -> None:
    found = measured({"stage3": cosines(ab=-0.5)})
    proposal = split_proposal(found, design())
    assert proposal is not None
    with pytest.raises(EditRefused):
        split_carried_out(design(layers=LAYERS[:2]), proposal)


def test_groups_become_a_tree() -> None:
    tasks = ("a", "b", "c", "d")
    spec = design(tasks)
    groups = (("a", "c"), ("b",), ("d",))
    layer = parting_layer(spec, groups)
    assert layer == "stage2"
    tree = grouped(spec, groups, layer)
    sets = {frozenset(found) for found in reaches(tree.network).values()}
    assert {frozenset(tasks), frozenset({"a", "c"}), frozenset({"b"}), frozenset({"d"})} <= sets
    assert shared_layers(tree)["stage1"] == set(tasks)
    assert frozenset({"b", "d"}) not in sets


def test_groups_that_share_nothing_have_nowhere_to_part() -> None:
    spec = design()
    assert parting_layer(spec, (TASKS,)) is None
    with pytest.raises(EditRefused):
        grouped(spec, (TASKS,), "stage2")


def test_many_tasks_are_parted_quickly() -> None:
    tasks = tuple(f"t{n}" for n in range(40))
    matrix = np.full((40, 40), 0.2)
    matrix[7, :] = matrix[:, 7] = -0.4
    np.fill_diagonal(matrix, 1.0)
    spec = design(tasks)
    proposal = split_proposal(measured({"stage3": matrix}, tasks, 6), spec)
    assert (
        proposal is not None
        and proposal.tasks == ("t7",)
        and math.isclose(proposal.because.cosine.mean, -0.4, abs_tol=1e-6)
    )

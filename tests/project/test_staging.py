"""Stages: how long each is, whose turn it is, which layers it trains; and the edits of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlstudio.base.errors import StudioError
from mtlstudio.project import edits, staging
from mtlstudio.project.check import check_structure
from mtlstudio.project.edits import EditRefused
from mtlstudio.project.spec import ProjectSpec, StageSpec
from tests.project.building import project
from tests.project.test_edits_sharing import sketch

STAGES = st.lists(
    st.builds(StageSpec, epochs=st.none() | st.integers(1, 30), share=st.floats(0.1, 10.0)), min_size=1, max_size=6
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STAGES, st.integers(0, 60))
def test_the_stages_have_all_epochs_and_no_more(stages: list[StageSpec], epochs: int) -> None:
    sizes = staging.lengths(stages, epochs)
    assert sum(sizes) == epochs and min(sizes) >= 0
    wanted = sum(stage.epochs or 0 for stage in stages)
    if wanted <= epochs and any(stage.epochs is None for stage in stages):
        assert all(size == stage.epochs for size, stage in zip(sizes, stages, strict=True) if stage.epochs)
    found = staging.windows(stages, epochs)
    for epoch in range(epochs):
        window = staging.window_at(found, epoch)
        assert window.start <= epoch < window.end


def test_automatic_stages_part_what_the_fixed_ones_leave() -> None:
    stages = [StageSpec(epochs=5), StageSpec(share=3.0), StageSpec()]
    assert staging.lengths(stages, 25) == [5, 15, 5]
    assert staging.lengths(stages, 6) == [5, 1, 0]
    assert staging.lengths([StageSpec(epochs=4), StageSpec(epochs=4)], 10) == [4, 6]
    assert staging.lengths([StageSpec(epochs=8), StageSpec(epochs=4)], 10) == [8, 2]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(STAGES, st.integers(0, 40), st.integers(0, 40))
def test_a_settled_plan_keeps_its_past_when_it_is_lengthened(stages: list[StageSpec], epochs: int, more: int) -> None:
    before = staging.windows(stages, epochs)
    after = staging.windows(staging.settled(stages, epochs), epochs + more)
    for epoch in range(epochs):
        one, other = staging.window_at(before, epoch), staging.window_at(after, epoch)
        assert replace(one.stage, epochs=1) == replace(other.stage, epochs=1) and one.start == other.start
    assert staging.window_at(after, epochs + more - 1).end == epochs + more or epochs + more == 0


def test_whose_turn_it_is_follows_from_the_place_alone() -> None:
    tasks = ("a", "b", "c")
    assert staging.turn(StageSpec(order="joint"), tasks, 4, 5) == tasks
    assert [staging.turn(StageSpec(order="batch"), tasks, 9, batch)[0] for batch in range(5)] == list("abcab")
    assert [staging.turn(StageSpec(order="epoch"), tasks, epoch, 77)[0] for epoch in range(5)] == list("abcab")
    assert staging.turn(StageSpec(order="batch"), tasks, 0, 1) == ("b", "c", "a")


def test_what_each_choice_trains() -> None:
    spec = sketch()
    everything = {layer.id for layer in spec.network.layers} - {"image"}
    shared = {"stage1", "stage2", "stage3"}
    assert staging.trunk(spec) == ["stage1", "stage2", "stage3"]
    assert staging.trained(spec, StageSpec()) == everything
    assert staging.trained(spec, StageSpec(trains="branches")) == everything - shared
    assert staging.trained(spec, StageSpec(trains="thawed", depth=1)) == everything - {"stage1", "stage2"}
    assert staging.trained(spec, StageSpec(trains="thawed", depth=9)) == everything
    own = {layer.id for layer in spec.network.layers if layer.tasks == {"mask"}}
    assert staging.trained(spec, StageSpec(trains="own", tasks=("mask",))) == own
    both = staging.trained(spec, StageSpec(trains="own", tasks=("species", "breed")))
    assert "stage4" in both and not both & (own | shared)
    assert staging.trained(spec, StageSpec(trains="layers", layers=("up1", "nowhere"))) == {"up1"}


def test_of_a_single_task_the_trunk_is_all_but_the_output() -> None:
    spec = project({"a": "image s1 s2 head_a"})
    assert staging.trained(spec, StageSpec(trains="branches")) == {"head_a"}


def planned() -> ProjectSpec:
    spec = edits.set_strategy(sketch(), [StageSpec("one", 2), StageSpec("two", tasks=("mask",)), StageSpec("three")])
    return edits.set_stage(spec, 2, trains="layers", layers=("up1", "stage1"))


def names(spec: ProjectSpec) -> list[str]:
    return [stage.name for stage in spec.training.strategy]


def test_stages_are_added_moved_changed_and_removed() -> None:
    spec = planned()
    assert names(edits.move_stage(spec, 2, 0)) == ["three", "one", "two"]
    assert names(edits.add_stage(spec, StageSpec("new"), 1)) == ["one", "new", "two", "three"]
    assert names(edits.remove_stage(spec, 1)) == ["one", "three"]
    assert edits.set_stage(spec, 0, epochs=None, order="batch").training.strategy[0] == StageSpec("one", order="batch")
    for wrong in (lambda: edits.remove_stage(spec, 3), lambda: edits.move_stage(spec, -1, 0), lambda: edits.set_stage(spec, 0, time=1)):  # fmt: skip
        with pytest.raises(EditRefused):
            wrong()
    with pytest.raises(StudioError, match="order"):
        edits.set_stage(spec, 0, order="sideways")


def test_a_removed_task_leaves_the_stages() -> None:
    spec = edits.remove_task(planned(), "mask")
    assert names(spec) == ["one", "three"] and spec.training.strategy[1].layers == ("stage1",)
    assert not [problem for problem in check_structure(spec) if problem.code.startswith("stages.")]

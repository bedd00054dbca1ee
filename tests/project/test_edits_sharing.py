"""Sharing and splitting on networks as people draw them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project import edits
from mtlstudio.project.graph import lineage
from mtlstudio.project.spec import Connection, ProjectSpec
from tests.project.building import assert_sound, functions, project, spans_of

SKETCH = {
    "species": "image stage1 stage2 stage3 stage4 pool_a head_a",
    "breed": "image stage1 stage2 stage3 stage4 pool_b head_b",
    "mask": "image stage1 stage2 stage3 stage4_m up3 up2 up1 head_m",
}


def sketch() -> ProjectSpec:
    """The network of the mock-up: three shared stages, stage 4 of two tasks, a decoder with skips."""
    spec = project(SKETCH)
    skips = tuple(Connection(f"stage{n}", f"up{n}", "out", "skip") for n in (3, 2, 1))
    return edits.replace_network(spec, replace(spec.network, connections=(*spec.network.connections, *skips)))


def refusal(edit: object, *args: object) -> str:
    with pytest.raises(edits.EditRefused) as caught:
        edit(*args)  # type: ignore[operator]
    return caught.value.text()


def feeds(spec: ProjectSpec, layer_id: str) -> list[str]:
    return [c.source for c in spec.network.connections if c.target == layer_id]


def test_pulling_a_card_over_a_row_joins_the_counterpart() -> None:
    spec = edits.share(sketch(), "stage4_m", "breed")
    assert_sound(spec)
    assert spec.network.layer("stage4_m").tasks == {"breed", "mask"}
    assert spec.network.layer("stage4").tasks == {"species"}
    assert feeds(spec, "pool_b") == ["stage4_m"] and feeds(spec, "pool_a") == ["stage4"]


def test_sharing_among_all_leaves_one_layer() -> None:
    spec = edits.share_among(sketch(), "stage4", ["species", "breed", "mask"])
    assert "stage4_m" not in spans_of(spec)
    assert feeds(spec, "up3") == ["stage4", "stage3"]


def test_pushing_it_back_gives_each_its_own_and_moves_the_skips() -> None:
    spec = edits.each_its_own(sketch(), "stage2")
    assert_sound(spec)
    assert {spec.network.layer(i).tasks for i in ("stage2", "stage2_2", "stage2_3")} == {
        frozenset({"species"}), frozenset({"breed"}), frozenset({"mask"})
    }  # fmt: skip
    assert feeds(spec, "up2") == ["up3", "stage2_3"]
    assert feeds(spec, "up1") == ["up2", "stage1"]
    assert len(spec.network.layers) == len(sketch().network.layers) + 2 * 2 + 1  # stages 2 and 3 thrice, 4 once more
    assert functions(spec, known := {}) == functions(sketch(), known)


def test_tasks_that_are_split_off_stay_together_where_they_share_later() -> None:
    spec = edits.share_among(sketch(), "stage2", ["mask"])
    assert spec.network.layer("stage2").tasks == {"mask"}
    assert spec.network.layer("stage2_2").tasks == {"species", "breed"}
    assert spec.network.layer("stage4").tasks == {"species", "breed"}


def test_copies_know_where_they_come_from_through_splits_and_joins() -> None:
    spec = edits.unshare(sketch(), "stage2", "breed")
    assert lineage(spec.network, "stage2_2") == ["stage2_2", "stage2"]
    spec = edits.share(spec, "stage2_2", "species")
    again = edits.unshare(spec, "stage2_2", "breed")
    assert lineage(again.network, "stage2_3") == ["stage2_3", "stage2_2", "stage2"]
    rejoined = edits.share(again, "stage2_3", "species")  # stage2_2 goes
    assert lineage(rejoined.network, "stage2_3") == ["stage2_3", "stage2"]


def test_a_copy_never_takes_an_id_that_stands_for_old_weights() -> None:
    spec = edits.unshare(sketch(), "stage4", "breed")
    spec = edits.delete_layers(spec, ["stage4"])
    layer = spec.network.layer("stage4_2")
    assert layer.origin == "stage4"
    _, new = edits.insert_on_connection(spec, Connection("stage4_2", "pool_b"), "stage", "stage4")
    assert new == "stage4_3"


def test_joining_pulls_what_is_before_it_along() -> None:
    spec = project({"a": "image c1_a c2_a head_a", "b": "image c1_b c2_b head_b"})
    spec = edits.share(spec, "c2_a", "b")
    assert spans_of(spec) == {"image": "ab", "c1_a": "ab", "c2_a": "ab", "head_a": "a", "head_b": "b"}


def test_joining_layers_before_it_never_tears_others_apart() -> None:
    spec = project({"a": "image c1_a c2_a head_a", "b": "image c1_b c2_b head_b", "c": "image c1_b c2_c head_c"})
    spec = edits.share(spec, "c2_a", "b")
    assert spans_of(spec)["c1_a"] == "abc" and spans_of(spec)["c2_a"] == "ab" and spans_of(spec)["c2_c"] == "c"


def test_unlike_counterparts_are_refused_with_both_names_and_the_difference() -> None:
    spec = project(
        {"a": "image c1_a c2_a head_a", "b": "image c1_b c2_b head_b"},
        c1_a={"out_channels": 256}, c1_b={"out_channels": 128},
    )  # fmt: skip
    assert refusal(edits.share, spec, "c2_a", "b") == (
        "“c1_a” has out_channels 256, its counterpart “c1_b” 128. Make them equal first."
    )
    spec = edits.set_parameters(spec, ["c1_b"], out_channels=256)
    bypassed = edits.set_bypassed(spec, ["c2_b"], True)
    assert "“c2_b” is bypassed, its counterpart “c2_a” is not" in refusal(edits.share, bypassed, "c2_a", "b")
    assert edits.share(edits.set_frozen(spec, ["c2_b"], True), "c2_a", "b").network.layer("c2_a").tasks == {"a", "b"}


def test_a_copy_whose_way_was_changed_is_refused_not_put_in_again() -> None:
    spec = edits.unshare(sketch(), "stage4", "breed")
    spec, _ = edits.insert_on_connection(spec, Connection("stage3", "stage4_2"), "dropout", "Dropout")
    assert "“Dropout”" in refusal(edits.share, spec, "stage4", "breed")


def test_a_layer_that_a_task_lacks_is_put_on_its_way() -> None:
    spec = project({"a": "image c1 extra_a head_a", "b": "image c1 pool_b head_b"})
    spec = edits.share(spec, "extra_a", "b")
    assert spans_of(spec)["extra_a"] == "ab"
    assert feeds(spec, "pool_b") == ["extra_a"]


def test_a_task_is_led_through_all_that_it_lacks() -> None:
    spec = project({"a": "image c1 x_a y_a head_a", "b": "image c1 head_b"})
    spec = edits.share(spec, "y_a", "b")
    assert spans_of(spec) == {"image": "ab", "c1": "ab", "x_a": "ab", "y_a": "ab", "head_a": "a", "head_b": "b"}
    assert feeds(spec, "head_b") == ["y_a"]


def test_what_it_has_is_joined_and_what_it_lacks_put_in() -> None:
    spec = project({"a": "image c1_a c2_a head_a", "b": "image c1_b head_b"})
    spec = edits.share(spec, "c2_a", "b")
    assert spans_of(spec) == {"image": "ab", "c1_a": "ab", "c2_a": "ab", "head_a": "a", "head_b": "b"}


def test_a_task_whose_output_is_the_source_goes_on_through_the_layer() -> None:
    spec = project({"a": "image c1 x_a head_a", "b": "image c1"})
    spec = edits.share(spec, "x_a", "b")
    output = spec.network.output_of("b")
    assert output is not None and output.layer == "x_a"


def test_where_a_task_goes_on_by_several_ways_it_must_be_said_which() -> None:
    spec = project({"a": "image c1 extra_a head_a", "b": "image c1 pool_b head_b"})
    spec = edits.connect(spec, Connection("c1", "head_b", "out", "skip"))
    assert "on 2 ways" in refusal(edits.share, spec, "extra_a", "b")


def test_what_comes_next_must_be_the_tasks_own() -> None:
    spec = project({"a": "image c1 extra_a head_a", "b": "image c1 pool_b head_b", "c": "image c1 pool_b head_c"})
    assert "“pool_b”, which comes next for “B”, is shared by B, C" in refusal(edits.share, spec, "extra_a", "b")


def test_heads_are_not_shared() -> None:
    spec = project({"a": "image c1 head_a", "b": "image c1 head_b"})
    assert "would predict the same" in refusal(edits.share, spec, "head_a", "b")


def test_equal_parallel_layers_of_one_task_are_not_made_one() -> None:
    """Two equal branches of task a, joined by an add: b's one branch must not swallow both."""
    spec = project({"a": "image p_1 add_a head_a", "b": "image p_b add_b head_b"})
    extra = (Connection("image", "p_2"), Connection("p_2", "add_a"), Connection("image", "add_b"))
    layer = replace(spec.network.layer("p_1"), id="p_2")
    network = replace(
        spec.network, layers=(*spec.network.layers, layer), connections=(*spec.network.connections, *extra)
    )
    spec = edits.replace_network(spec, network)
    before = functions(spec, known := {})
    shared = edits.share(spec, "p_1", "b")
    assert functions(shared, known) == before
    assert spans_of(shared)["p_1"] == "ab" and spans_of(shared)["p_2"] == "a"


def test_sharing_what_is_shared_changes_nothing() -> None:
    assert edits.share(sketch(), "stage1", "mask") == sketch()


def test_refusals_of_what_cannot_be() -> None:
    spec = sketch()
    assert "nothing to split" in refusal(edits.unshare, spec, "image", "mask")
    assert "own already" in refusal(edits.unshare, spec, "up1", "mask")
    assert "does not use" in refusal(edits.unshare, spec, "up1", "breed")
    assert "There is no layer 'stage9'" in refusal(edits.share, spec, "stage9", "mask")
    assert "There is no task 'x'" in refusal(edits.share, spec, "stage4", "x")
    assert "at least one task" in refusal(edits.share_among, spec, "stage4", [])
    unfinished, layer_id = edits.add_layer(spec, "conv", "Conv", FrozenDict(), ["mask"])
    assert "leads to no output" in refusal(edits.share, unfinished, layer_id, "breed")
    headless = edits.delete_layers(spec, ["pool_b"])
    network = replace(headless.network, outputs=tuple(o for o in headless.network.outputs if o.task != "breed"))
    assert "has no output yet" in refusal(edits.share, edits.replace_network(headless, network), "up1", "breed")

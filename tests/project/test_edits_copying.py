"""Copy, paste and duplicate of whatever was selected, within a project and between two."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mtlstudio.project import edits
from mtlstudio.project.check import check_structure
from mtlstudio.project.codec import fragment_from_json, fragment_to_json
from mtlstudio.project.lanes import lane
from mtlstudio.project.problems import ProjectFileError, Severity
from mtlstudio.project.spec import VERSION, Connection, ProjectSpec, TaskSpec
from tests.project.building import assert_sound, project, spans_of, stitched
from tests.project.test_edits_layers import way
from tests.project.test_edits_sharing import feeds, refusal, sketch


def carried_over(fragment: edits.Fragment) -> edits.Fragment:
    """The fragment as it comes from the clipboard."""
    return fragment_from_json(json.loads(json.dumps(fragment_to_json(fragment))))


def test_any_selection_is_copied_with_what_lies_within() -> None:
    spec, _ = edits.group_layers(sketch(), ["up3", "up2"], "Decoder")
    fragment = carried_over(edits.extract(spec, [layer.id for layer in spec.network.layers]))
    assert [layer.id for layer in fragment.layers] == [
        layer.id for layer in sketch().network.layers if layer.id != "image"
    ]
    assert fragment.starts == ("stage1",) and set(fragment.ends) == {"head_a", "head_b", "head_m"}
    assert len(fragment.connections) == len(sketch().network.connections) - 1
    assert [group.name for group in fragment.groups] == ["Decoder"] and not fragment.is_way


def test_parallel_parts_are_pasted_beside_the_network_in_their_rows() -> None:
    spec, ids = edits.paste_loose(
        sketch(), carried_over(edits.extract(sketch(), ["stage3", "stage4", "stage4_m", "up3"])), sketch().task_ids
    )
    assert_sound(spec)
    assert ids == ("stage3_2", "stage4_2", "stage4_m_2", "up3_2")
    assert {i: spans_of(spec)[i] for i in ids} == {
        "stage3_2": "".join(sorted(["species", "breed", "mask"])), "stage4_2": "breedspecies", "stage4_m_2": "mask",
        "up3_2": "mask",
    }  # fmt: skip
    assert feeds(spec, "up3_2") == ["stage4_m_2", "stage3_2"] and feeds(spec, "stage3_2") == []
    assert {p.severity for p in check_structure(spec)} == {Severity.WARNING}
    assert edits.delete_layers(spec, ids) == sketch()


def test_a_fragment_of_another_project_takes_the_rows_it_is_given() -> None:
    fragment = carried_over(edits.extract(sketch(), ["stage3", "stage4", "up3"]))
    other = project({"x": "image head_x", "y": "image head_y"})
    spec, ids = edits.paste_loose(other, fragment, ["y"])
    assert {spans_of(spec)[i] for i in ids} == {"y"}
    spec, ids = edits.paste(
        other, carried_over(edits.extract(sketch(), ["stage3", "stage4"])), Connection("image", "head_x")
    )
    assert way(spec, "x") == ["image", *ids, "head_x"]
    assert "at least one task" in refusal(edits.paste_loose, other, fragment, [])
    assert "no task 'z'" in refusal(edits.paste_loose, other, fragment, ["z"])
    assert "no layers to paste" in refusal(edits.paste_loose, other, edits.Fragment(), ["x"])


def test_layers_between_tasks_are_pasted_with_as_many_lanes() -> None:
    first = next(layer.id for layer in stitched().network.layers if layer.type == "stitch")
    chosen = [first, "stage1_a", "stage1_b", "stage1_c", "stage2_b"]
    fragment = carried_over(edits.extract(stitched(), chosen))
    assert fragment.lanes == ("a", "b", "c")
    spec, ids = edits.paste_loose(stitched(), fragment, ["a", "b", "c"])
    assert_sound(spec)
    new = dict(zip([layer.id for layer in fragment.layers], ids, strict=True))
    assert feeds(spec, new[first]) == [new["stage1_a"], new["stage1_b"], new["stage1_c"]]
    tasks = tuple(TaskSpec(task, task, "depth") for task in ("x", "y", "z"))
    other, ids = edits.paste_loose(ProjectSpec("other", tasks=tasks), fragment, ["z", "y", "x"])
    new = dict(zip([layer.id for layer in fragment.layers], ids, strict=True))
    assert {i: spans_of(other)[new[i]] for i in chosen} == {
        first: "xyz", "stage1_a": "x", "stage1_b": "y", "stage1_c": "z", "stage2_b": "y",
    }  # fmt: skip
    assert Connection(new[first], new["stage2_b"], lane("y")) in other.network.connections
    assert "stand between 3 tasks; 2 were given" in refusal(edits.paste_loose, other, fragment, ["x", "y"])
    assert "one way" in refusal(edits.paste, stitched(), fragment, Connection("image", "stem"))


def test_inputs_are_left_out() -> None:
    assert edits.extract(sketch(), ["image", "stage1"]) == edits.extract(sketch(), ["stage1"])
    assert "Inputs" in refusal(edits.extract, sketch(), ["image"])
    assert "no layers to copy" in refusal(edits.extract, sketch(), [])
    assert "no layer 'x'" in refusal(edits.extract, sketch(), ["x"])


def test_one_layer_is_duplicated_behind_itself_for_all_it_serves() -> None:
    spec, (copy,) = edits.duplicate(edits.set_parameters(sketch(), ["stage3"], c=3), ["stage3"])
    assert_sound(spec)
    assert feeds(spec, copy) == ["stage3"] and feeds(spec, "stage4") == feeds(spec, "stage4_m") == [copy]
    assert spec.network.layer(copy).parameters == {"c": 3} and spec.network.layer(copy).origin is None
    assert feeds(spec, "up3") == ["stage4_m", copy]


def test_a_way_is_duplicated_in_series() -> None:
    spec, ids = edits.duplicate(sketch(), ["stage2", "stage1"])
    assert_sound(spec)
    assert way(spec, "mask")[:6] == ["image", "stage1", "stage2", *ids, "stage3"]
    spec, ids = edits.duplicate(sketch(), ["head_a"])
    output = spec.network.output_of("species")
    assert output is not None and output.layer == ids[0] and feeds(spec, ids[0]) == ["head_a"]


def test_what_is_no_way_is_duplicated_beside_it() -> None:
    spec, ids = edits.duplicate(sketch(), ["stage4", "stage4_m"])
    assert_sound(spec)
    assert [spans_of(spec)[i] for i in ids] == ["breedspecies", "mask"] and feeds(spec, ids[0]) == []
    loose, layer_id = edits.add_layer(sketch(), "conv", "Conv", None, ["mask"])
    loose, (copy,) = edits.duplicate(loose, [layer_id])
    assert spans_of(loose)[copy] == "mask" and feeds(loose, copy) == []


def test_a_layer_between_tasks_is_duplicated_in_series() -> None:
    spec = stitched()
    first = next(layer.id for layer in spec.network.layers if layer.type == "stitch")
    spec, (copy,) = edits.duplicate(spec, [first])
    assert_sound(spec)
    assert spans_of(spec)[copy] == "abc" and set(feeds(spec, copy)) == {first}
    for task in "abc":
        assert Connection(copy, f"stage2_{task}", lane(task)) in spec.network.connections


def test_fragments_of_older_versions_are_read_and_of_newer_ones_refused() -> None:
    values = fragment_to_json(edits.extract(sketch(), ["stage1", "stage2"]))
    old = {**values, "version": 1, "layers": [{**values["layers"][0], "type": "resnet18"}, values["layers"][1]]}
    assert "groups" not in values and values["version"] == VERSION
    assert [layer.type for layer in fragment_from_json(old).layers] == ["resnet", "stage"]
    with pytest.raises(ProjectFileError, match="newer"):
        fragment_from_json({**values, "version": VERSION + 1})


def test_a_copied_group_within_a_copied_part_is_a_group_again() -> None:
    spec, group = edits.group_layers(sketch(), ["stage1", "stage2"], "Start")
    spec, ids = edits.duplicate(spec, ["stage1", "stage2"])
    assert {g.id: g.layers for g in spec.network.groups} == {group: ("stage1", "stage2"), "start_2": ids}
    assert replace(spec, network=replace(spec.network, groups=())) == edits.duplicate(sketch(), ["stage1", "stage2"])[0]

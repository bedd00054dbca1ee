"""Inputs, and a network that is built from nothing by edits alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project import edits
from mtlstudio.project.check import check_structure
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import Connection, DatasetSpec, InputSpec, Output, ProjectSpec, TaskSpec
from tests.project.building import assert_sound, spans_of
from tests.project.test_edits_sharing import refusal, sketch

EMPTY = ProjectSpec("empty", tasks=(TaskSpec("a", "A", "depth"), TaskSpec("b", "B", "depth")))


def errors(spec: ProjectSpec) -> set[str]:
    return {problem.code for problem in check_structure(spec) if problem.severity is Severity.ERROR}


def test_inputs_come_change_and_go() -> None:
    spec, depth = edits.add_input(sketch(), " 深度 Depth ", "map", 1)
    assert spec.input(depth) == InputSpec("depth", "深度 Depth", "map", 1)
    spec = edits.set_input(edits.rename_input(spec, depth, "D"), depth, channels=2)
    assert spec.input(depth) == InputSpec("depth", "D", "map", 2)
    assert edits.remove_input(spec, depth) == sketch()
    assert "only input" in refusal(edits.remove_input, sketch(), "image")
    assert "Outputs depend on “Image”" in refusal(edits.remove_input, spec, "image")
    assert "no input 'radar'" in refusal(edits.rename_input, spec, "radar", "R")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"channels": 0}, "at least 1 channel"), ({"channels": 1.5}, "at least 1 channel"), ({"name": " "}, "empty"),
        ({"type": "sound"}, "Known: image, map"), ({"id": "x"}, "has no 'id'"),
    ],
)  # fmt: skip
def test_inputs_change_within_bounds(changes: dict[str, object], said: str) -> None:
    assert said in refusal(lambda: edits.set_input(sketch(), "image", **changes))


def test_an_input_that_goes_takes_its_layer_and_what_data_sets_say_of_it() -> None:
    spec, depth = edits.add_input(sketch(), "Depth", "map", 1)
    spec, layer = edits.add_input_layer(spec, depth)
    spec = edits.add_dataset(spec, DatasetSpec("d", "D", "folders"))
    spec = edits.set_dataset_input(spec, "d", depth, "disparity")
    assert spec.dataset("d").inputs == {depth: "disparity"} and layer in spans_of(spec)
    assert edits.set_dataset_input(spec, "d", depth, None).dataset("d").inputs == {}
    spec = edits.remove_input(spec, depth)
    assert spec.dataset("d").inputs == {} and spec.network == sketch().network
    assert "no data set 'x'" in refusal(edits.set_dataset_input, spec, "x", "image", None)
    assert "no input 'x'" in refusal(edits.set_dataset_input, spec, "d", "x", None)


def test_a_second_input_enters_the_network_and_is_used() -> None:
    spec, depth = edits.add_input(sketch(), "Depth", "map", 1)
    spec, layer = edits.add_input_layer(spec, depth)
    assert spec.network.layers[1].id == layer and spec.network.layer(layer).parameters == {"input": depth}
    assert errors(spec) == set()
    assert "in the network already" in refusal(edits.add_input_layer, spec, depth)
    spec, joined = edits.insert_on_connection(spec, Connection("up1", "head_m"), "concat", "Concat")
    spec = edits.connect(spec, Connection(layer, joined), variadic=True)
    assert spans_of(spec)[layer] == "mask"
    assert_sound(spec)
    spec = edits.delete_layers(spec, [joined, layer])
    assert spec.network == sketch().network


def test_an_empty_network_is_built_by_edits_alone() -> None:
    spec = edits.start_network(EMPTY)
    assert spans_of(spec) == {"image": "ab"} and edits.start_network(spec) == spec
    assert errors(spec) == {"network.no_output"}
    spec, conv = edits.add_layer(spec, "conv", "Conv", None, ["a", "b"])
    found = {(p.code, p.severity) for p in check_structure(spec) if p.place.id == conv}
    assert found == {("network.dead_layer", Severity.WARNING), ("network.no_source", Severity.WARNING)}
    spec = edits.connect(spec, Connection("image", conv))
    spec, (head,) = edits.attach_head(spec, "a", conv, [("head", "Head", {})])
    spec, own = edits.insert_after(spec, conv, "conv", "Own", None, ["a"])
    spec = edits.set_output(spec, "b", conv)
    assert spans_of(spec) == {"image": "ab", conv: "ab", own: "a", head: "a"}
    assert check_structure(spec) == []


def test_the_first_layer_may_follow_the_input_at_once() -> None:
    spec, conv = edits.insert_after(edits.start_network(EMPTY), "image", "conv", "Conv")
    assert spec.network.connections == (Connection("image", conv),) and spans_of(spec)[conv] == "ab"
    spec, _ = edits.attach_head(spec, "a", conv, [])
    assert spec.network.outputs == (Output("a", conv),)


def test_a_layer_without_a_source_blocks_as_soon_as_an_output_depends_on_it() -> None:
    spec, conv = edits.add_layer(EMPTY, "conv", "Conv", None, ["a"])
    assert "network.no_source" not in errors(spec)
    assert "network.no_source" in errors(edits.set_output(spec, "a", conv))


def test_faults_of_inputs_in_a_file_are_found() -> None:
    spec = replace(sketch(), inputs=(InputSpec("image", "Image", "sound"),))
    spec = replace(spec, datasets=(DatasetSpec("d", "D", "x", targets=FrozenDict(), inputs=FrozenDict(radar="r")),))
    assert {(p.code, str(p.place)) for p in check_structure(spec)} >= {
        ("project.input_type", "input.image.type"), ("project.input", "dataset.d.inputs"),
    }  # fmt: skip

"""The differences of two designs are those that an edit made, no more and no less."""

from __future__ import annotations

from dataclasses import replace

from mtlstudio.project import edits
from mtlstudio.project.spec import Connection, ProjectSpec
from mtlstudio.ui.design.difference import difference


def about(now: ProjectSpec, other: ProjectSpec) -> set[tuple[str, str, str]]:
    return {(change.kind, change.layer, change.about) for change in difference(now, other).changes}


def test_a_design_does_not_differ_from_itself(pets_spec: ProjectSpec) -> None:
    found = difference(pets_spec, pets_spec)
    assert found.changes == () and found.marks == {}


def test_a_parameter_is_told_with_both_values(pets_spec: ProjectSpec) -> None:
    after = edits.set_parameters(pets_spec, ["stage2"], out_channels=24)
    found = difference(after, pets_spec)
    assert [(c.kind, c.layer, c.about) for c in found.changes] == [("changed", "stage2", "parameters")]
    assert "16 → 24" in found.changes[0].text
    assert found.marks == {"stage2": "changed"}


def test_a_default_that_is_spelled_out_is_no_difference(pets_spec: ProjectSpec) -> None:
    after = edits.set_parameters(pets_spec, ["stage2"], norm="batch")
    assert difference(after, pets_spec).changes == ()


def test_added_and_missing_mirror_each_other(pets_spec: ProjectSpec) -> None:
    after, new = edits.insert_on_connection(pets_spec, Connection("stage2", "stage3"), "dropout", "Dropout", {})
    there, back = difference(after, pets_spec), difference(pets_spec, after)
    assert there.marks == {new: "added", "stage3": "changed"}
    assert [change.layer for change in back.missing] == [new] and new not in back.marks
    assert any(change.about == "connections" and change.layer == "stage3" for change in there.changes)


def test_sharing_names_the_tasks_of_both(pets_spec: ProjectSpec) -> None:
    after = edits.each_its_own(pets_spec, "stage4")
    texts = [change.text for change in difference(after, pets_spec).changes if change.about == "sharing"]
    assert len(texts) == 1 and "Species + Breed" in texts[0]


def test_freezing_renaming_and_learning_rate_are_told(pets_spec: ProjectSpec) -> None:
    after = edits.set_frozen(pets_spec, ["stage1"], True)
    after = edits.rename_layer(after, "stage2", "Second")
    after = edits.set_learning_rate_factor(after, ["stage3"], 0.1)
    assert about(after, pets_spec) == {
        ("changed", "stage1", "training"), ("changed", "stage2", "name"), ("changed", "stage3", "training"),
    }  # fmt: skip


def test_layers_of_other_ids_are_paired_where_only_one_fits(pets_spec: ProjectSpec) -> None:
    ids = {layer.id: f"x_{layer.id}" for layer in pets_spec.network.layers if layer.id.startswith("up")}
    renamed = replace(
        pets_spec.network,
        layers=tuple(replace(layer, id=ids.get(layer.id, layer.id)) for layer in pets_spec.network.layers),
        connections=tuple(
            replace(c, source=ids.get(c.source, c.source), target=ids.get(c.target, c.target))
            for c in pets_spec.network.connections
        ),
    )
    found = difference(pets_spec.with_network(renamed), pets_spec)
    assert found.changes == () and found.partners["x_up2"] == "up2"


def test_tasks_and_picture_size_are_told(pets_spec: ProjectSpec) -> None:
    after = edits.set_data(edits.remove_task(pets_spec, "breed"), image_size=32)
    found = about(after, pets_spec)
    assert {("missing", "", "task"), ("changed", "", "task")} <= found

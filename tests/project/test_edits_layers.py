from __future__ import annotations

from dataclasses import replace

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project import edits
from mtlstudio.project.codec import fragment_from_json, fragment_to_json
from mtlstudio.project.spec import Connection, Output, ProjectSpec
from tests.project.building import assert_sound, project, spans_of
from tests.project.test_edits_sharing import feeds, refusal, sketch


def way(spec: ProjectSpec, task: str) -> list[str]:
    """The layers of a task's main way, from the input to its output."""
    output = spec.network.output_of(task)
    assert output is not None
    ids = [output.layer]
    while feeds(spec, ids[0]):
        ids.insert(0, next(c.source for c in spec.network.connections if c.target == ids[0] and c.target_port == "in"))
    return ids


def test_a_drop_on_a_connection_goes_between() -> None:
    spec, layer_id = edits.insert_on_connection(
        sketch(), Connection("stage1", "stage2"), "dropout", "Dropout", {"p": 0.5}
    )
    assert layer_id == "dropout"
    assert way(spec, "mask")[:4] == ["image", "stage1", "dropout", "stage2"]
    assert spec.network.layer("dropout").tasks == {"species", "breed", "mask"}
    assert feeds(spec, "up1") == ["up2", "stage1"]  # the skip stays where it was


def test_a_drop_at_the_end_of_a_way_gives_the_output() -> None:
    spec, layer_id = edits.insert_on_connection(sketch(), Output("mask", "head_m"), "up", "放大")
    assert spec.network.output_of("mask") == Output("mask", "up")
    assert way(spec, "mask")[-2:] == ["head_m", layer_id]


def test_a_drop_into_one_row_of_a_shared_part_is_refused_with_the_way_out() -> None:
    text = refusal(edits.insert_on_connection, sketch(), Connection("stage1", "stage2"), "conv", "Conv", {}, ["mask"])
    assert text == (
        "“stage2” is shared by SPECIES, BREED, MASK: a layer before it serves them all. "
        "Share it among all of them, or drop it where MASK goes its own way."
    )
    text = refusal(edits.insert_on_connection, sketch(), Connection("stage4", "pool_a"), "conv", "Conv", {}, ["mask"])
    assert "Only SPECIES goes this way, not MASK" in text


def test_ports_of_the_new_layer_can_be_named() -> None:
    at = Connection("image", "stage1")
    spec, _ = edits.insert_on_connection(sketch(), at, "resnet18", "ResNet", input_port="image", output_port="stage4")
    assert Connection("image", "resnet", "out", "image") in spec.network.connections
    assert Connection("resnet", "stage1", "stage4") in spec.network.connections


def test_behind_a_shared_layer_only_the_chosen_tasks_way_changes() -> None:
    spec, layer_id = edits.insert_after(sketch(), "stage3", "conv", "Conv", {}, ["mask"])
    assert spec.network.layer(layer_id).tasks == {"mask"}
    assert feeds(spec, "stage4_m") == [layer_id] and feeds(spec, "stage4") == ["stage3"]
    assert "is shared by SPECIES, BREED" in refusal(edits.insert_after, sketch(), "stage3", "conv", "C", {}, ["breed"])


def test_behind_a_layer_for_all_skips_go_through_it_too() -> None:
    spec, layer_id = edits.insert_after(sketch(), "stage3", "conv", "Conv")
    assert feeds(spec, "stage4") == feeds(spec, "stage4_m") == [layer_id]
    assert feeds(spec, "up3") == ["stage4_m", layer_id]


def test_behind_a_layer_with_several_outputs_in_use_the_port_must_be_named() -> None:
    spec = edits.connect(sketch(), Connection("stage4", "pool_a", "deep"), replace=True)
    spec = edits.connect(spec, Connection("stage4", "pool_b", "wide"), replace=True)
    assert "several outputs" in refusal(edits.insert_after, spec, "stage4", "conv", "Conv")
    spec, layer_id = edits.insert_after(spec, "stage4", "conv", "Conv", port="wide")
    assert feeds(spec, "pool_b") == [layer_id] and spec.network.layer(layer_id).tasks == {"breed"}


def test_deleting_heals_from_the_main_input_and_keeps_the_order_of_a_merge() -> None:
    spec = project({"a": "image s1 x concat head_a", "b": "image s1 head_b"})
    spec = edits.connect(spec, Connection("image", "concat"), variadic=True)
    spec = edits.connect(spec, Connection("s1", "concat", "deep"), variadic=True)
    spec = edits.delete_layers(spec, ["x"])
    into = [(c.source, c.source_port) for c in spec.network.connections if c.target == "concat"]
    assert into == [("s1", "out"), ("image", "out"), ("s1", "deep")]
    spec = edits.delete_layers(spec, ["concat"])
    assert way(spec, "a") == ["image", "s1", "head_a"]


def test_deleting_never_leaves_the_same_connection_twice() -> None:
    spec = edits.connect(project({"a": "image s1 x concat head_a"}), Connection("s1", "concat"), variadic=True)
    spec = edits.delete_layers(spec, ["x"])
    assert feeds(spec, "concat") == ["s1"]


def test_deleting_a_head_moves_the_output_up_and_its_other_tasks_stay() -> None:
    spec = edits.delete_layers(sketch(), ["head_a", "pool_a"])
    assert spec.network.output_of("species") == Output("species", "stage4")
    assert spec.network.layer("stage4").tasks == {"species", "breed"}
    assert_sound(spec)


def test_what_only_a_deleted_merge_used_stays_in_its_row_and_is_dead() -> None:
    spec = project({"a": "image s1 up head_a", "b": "image s1 head_b"})
    spec, side = edits.add_layer(spec, "conv", "Side", None, ["a"])
    spec = edits.connect(spec, Connection("image", side))
    spec = edits.connect(spec, Connection(side, "up", "out", "skip"))
    spec = edits.delete_layers(spec, ["up"])
    assert spec.network.layer(side).tasks == {"a"}


def test_of_several_experts_side_by_side_one_can_go_without_a_stand_in() -> None:
    spec = project({"a": "image s1 expert1 mix head_a"})
    for number in (2, 3):
        spec, _id = edits.add_layer(spec, "expert", f"Expert{number}", None, ["a"])
        spec = edits.connect(spec, Connection("s1", f"expert{number}"))
        spec = edits.connect(spec, Connection(f"expert{number}", "mix"), variadic=True)
    assert feeds(spec, "mix") == ["expert1", "expert2", "expert3"]
    spec = edits.delete_layers(spec, ["expert2"])
    assert feeds(spec, "mix") == ["expert1", "expert3"]
    spec = edits.delete_layers(spec, ["expert1"])
    assert feeds(spec, "mix") == ["expert3"]
    assert feeds(edits.delete_layers(spec, ["expert3"]), "mix") == ["s1"]  # the last one of a way heals


def test_inputs_stay_unless_they_are_spare() -> None:
    assert "cannot be deleted" in refusal(edits.delete_layers, sketch(), ["image"])
    layers = [layer.id for layer in sketch().network.layers if layer.id != "image"]
    empty = edits.delete_layers(sketch(), layers)
    assert [layer.id for layer in empty.network.layers] == ["image"]
    assert "cannot be deleted" in refusal(edits.delete_layers, empty, ["image"])
    image = empty.network.layer("image")
    for spare in (replace(image, id="again"), replace(image, id="old", parameters=FrozenDict(input="radar"))):
        spec = sketch().with_network(replace(sketch().network, layers=(*sketch().network.layers, spare)))
        assert edits.delete_layers(spec, [spare.id]) == sketch()
    assert "set up with the data" in refusal(
        edits.insert_on_connection, sketch(), Connection("image", "stage1"), "input", "In"
    )


def test_moving_takes_out_heals_and_puts_in() -> None:
    spec = edits.move_layer(sketch(), "pool_a", Connection("stage1", "stage2"))
    assert_sound(spec)
    assert way(spec, "species") == ["image", "stage1", "pool_a", "stage2", "stage3", "stage4", "head_a"]
    assert spec.network.layer("pool_a").tasks == {"species", "breed", "mask"}


def test_moving_next_to_itself_changes_nothing() -> None:
    for at in (Connection("stage1", "stage2"), Connection("stage2", "stage3")):
        assert edits.move_layer(sketch(), "stage2", at) == sketch()


def test_moving_keeps_side_inputs_but_makes_no_circle() -> None:
    spec = edits.move_layer(sketch(), "up2", Connection("up1", "head_m"))
    assert way(spec, "mask")[-4:] == ["up3", "up1", "up2", "head_m"]
    assert sorted(feeds(spec, "up2")) == ["stage2", "up1"]
    assert "would depend on its own output" in refusal(edits.move_layer, sketch(), "up3", Connection("image", "stage1"))


def test_shifting_swaps_neighbours_and_back() -> None:
    spec = sketch()
    shifted = edits.shift_layer(spec, "stage4_m", 1)
    assert way(shifted, "mask")[4:7] == ["up3", "stage4_m", "up2"]
    assert feeds(shifted, "up3") == ["stage3", "stage3"]  # its way and its skip
    back = edits.shift_layer(shifted, "stage4_m", -1)
    assert set(back.network.connections) == set(spec.network.connections)
    assert "Several ways leave" in refusal(edits.shift_layer, spec, "stage3", 1)
    assert "Nothing comes after" in refusal(edits.shift_layer, spec, "head_m", 1)
    assert "Nothing before" in refusal(edits.shift_layer, spec, "stage1", -1)


def test_shifting_beyond_the_last_moves_the_output() -> None:
    spec = edits.shift_layer(sketch(), "pool_a", 1)
    assert spec.network.output_of("species") == Output("species", "pool_a")


def test_a_port_that_takes_one_is_not_taken_unless_that_is_said() -> None:
    taken = Connection("stage2", "stage4_m")
    assert refusal(edits.connect, sketch(), taken) == (
        "“stage3” leads into “stage4_m” there already, and only one can. "
        "Remove that connection first, or join the two with a layer that adds or concatenates."
    )
    assert feeds(edits.connect(sketch(), taken, replace=True), "stage4_m") == ["stage2"]
    assert feeds(edits.connect(sketch(), taken, variadic=True), "stage4_m") == ["stage3", "stage2"]


def test_wrong_connections_are_refused() -> None:
    spec = sketch()
    assert "own output" in refusal(lambda: edits.connect(spec, Connection("up3", "stage2"), variadic=True))
    assert "nothing leads into it" in refusal(edits.connect, spec, Connection("stage1", "image"))
    assert "connected so already" in refusal(edits.connect, spec, Connection("stage1", "stage2"))
    assert "no layer" in refusal(edits.connect, spec, Connection("stage1", "x"))
    assert "no such connection" in refusal(edits.disconnect, spec, Connection("stage1", "x"))


def test_connecting_makes_others_depend_on_a_layer() -> None:
    spec = edits.connect(sketch(), Connection("pool_b", "head_a", "out", "skip"))
    assert spec.network.layer("pool_b").tasks == {"species", "breed"}
    spec = edits.disconnect(spec, Connection("pool_b", "head_a", "out", "skip"))
    assert spec == sketch()


def test_a_dead_layer_needs_sources_with_a_task_in_common() -> None:
    spec, layer_id = edits.add_layer(sketch(), "concat", "Join", None, ["species", "mask"])
    spec = edits.connect(spec, Connection("pool_a", layer_id), variadic=True)
    assert spec.network.layer(layer_id).tasks == {"species"}
    assert "none in common" in refusal(lambda: edits.connect(spec, Connection("up1", layer_id), variadic=True))


def test_a_free_layer_moves_to_the_row_of_what_it_is_connected_to() -> None:
    spec, layer_id = edits.add_layer(sketch(), "conv", "Conv", None, ["species"])
    assert edits.connect(spec, Connection("up1", layer_id)).network.layer(layer_id).tasks == {"mask"}
    assert "at least one task" in refusal(edits.add_layer, sketch(), "conv", "Conv", None, [])


def test_values_are_set_on_all_chosen_layers_and_nothing_else() -> None:
    spec = edits.set_parameters(sketch(), ["stage1", "stage2"], out_channels=8)
    spec = edits.set_frozen(edits.set_learning_rate_factor(spec, ["stage1"], 0.1), ["stage1"], True)
    spec = edits.rename_layer(spec, "stage1", " 主干 ")
    layer = spec.network.layer("stage1")
    assert (layer.name, layer.frozen, layer.learning_rate_factor, layer.parameters) == (
        "主干", True, 0.1, {"out_channels": 8}
    )  # fmt: skip
    assert spec.network.layers[3:] == sketch().network.layers[3:]
    assert "empty" in refusal(edits.rename_layer, spec, "stage1", " ")
    assert "≥ 0" in refusal(edits.set_learning_rate_factor, spec, ["stage1"], float("nan"))
    assert "bypassed" in refusal(edits.set_bypassed, spec, ["image"], True)


def test_a_way_is_copied_through_json_and_pasted_for_whom_the_place_serves() -> None:
    spec = sketch()
    fragment = fragment_from_json(fragment_to_json(edits.extract(spec, ["stage2", "stage1"])))
    assert fragment == edits.extract(spec, ["stage1", "stage2"])
    pasted, ids = edits.paste(spec, fragment, Connection("up1", "head_m"))
    assert ids == ("stage1_2", "stage2_2")
    assert way(pasted, "mask")[-4:] == ["up1", "stage1_2", "stage2_2", "head_m"]
    assert all(pasted.network.layer(i).tasks == {"mask"} and pasted.network.layer(i).origin is None for i in ids)
    pasted, ids = edits.paste(spec, fragment, Output("mask", "head_m"))
    assert pasted.network.output_of("mask") == Output("mask", "stage2_2")
    assert_sound(pasted)


def test_only_one_way_fits_on_a_connection() -> None:
    forked = edits.extract(sketch(), ["stage1", "stage3"])
    assert "one start and one end" in refusal(edits.paste, sketch(), forked, Connection("stage1", "stage2"))
    assert "Inputs" in refusal(edits.extract, sketch(), ["image"])
    assert "no such connection" in refusal(
        lambda: edits.paste(sketch(), edits.extract(sketch(), ["stage1"]), Connection("x", "y"))
    )


def test_edits_also_work_on_a_broken_network_so_that_it_can_be_mended() -> None:
    spec = sketch()
    broken = spec.with_network(
        replace(
            spec.network, connections=(*spec.network.connections, Connection("up3", "stage2"), Connection("x", "up1"))
        )
    )
    mended = edits.disconnect(broken, Connection("up3", "stage2"))
    mended = edits.disconnect(mended, Connection("x", "up1"))
    assert mended == spec
    assert spans_of(edits.delete_layers(broken, ["up3"]))["stage2"] == spans_of(spec)["stage2"]

"""Another layer in a layer's place, layers that change places, and what becomes of trained weights."""

from __future__ import annotations

from mtlstudio.project import edits
from mtlstudio.project.graph import lineage
from mtlstudio.project.spec import Connection, Output
from tests.project.building import assert_sound
from tests.project.test_edits_layers import way
from tests.project.test_edits_sharing import feeds, refusal, sketch


def test_of_equal_type_it_stays_the_same_layer_and_inherits() -> None:
    spec = edits.unshare(sketch(), "stage4", "breed")
    after, layer_id = edits.replace_layer(spec, "stage4_2", "stage", {"out_channels": 8}, "Wide")
    layer = after.network.layer(layer_id)
    assert (layer_id, layer.name, layer.parameters, layer.origin) == ("stage4_2", "Wide", {"out_channels": 8}, "stage4")
    assert lineage(after.network, layer_id) == ["stage4_2", "stage4"]


def test_of_another_type_it_is_a_new_layer_in_the_same_place() -> None:
    spec, layer_id = edits.replace_layer(edits.set_frozen(sketch(), ["stage2"], True), "stage2", "inception")
    assert_sound(spec)
    layer = spec.network.layer(layer_id)
    assert (layer.type, layer.name, layer.frozen, layer.origin) == ("inception", "stage2", False, None)
    assert way(spec, "mask")[1:4] == ["stage1", layer_id, "stage3"] and feeds(spec, "up2") == ["up3", layer_id]
    assert layer_id != "stage2" and "stage2" not in {layer.id for layer in spec.network.layers}


def test_connections_stay_where_the_ports_allow() -> None:
    spec, layer_id = edits.replace_layer(sketch(), "up2", "conv", input_ports=["in"], output_ports=["out"])
    assert feeds(spec, layer_id) == ["up3"]  # the skip has no port any more
    spec, layer_id = edits.replace_layer(sketch(), "stage4", "net", input_ports=["image"], output_ports=["low", "high"])
    assert Connection("stage3", layer_id, "out", "image") in spec.network.connections
    assert Connection(layer_id, "pool_a", "high") in spec.network.connections
    spec, layer_id = edits.replace_layer(sketch(), "head_a", "net", output_ports=["map"])
    assert spec.network.output_of("species") == Output("species", layer_id, "map")
    assert "input cannot" in refusal(edits.replace_layer, sketch(), "image", "conv")
    assert "input cannot" in refusal(edits.replace_layer, sketch(), "stage1", "input")
    assert "no layer 'x'" in refusal(edits.replace_layer, sketch(), "x", "conv")


def test_two_layers_change_places() -> None:
    spec = edits.swap_layers(sketch(), "stage1", "stage2")
    assert_sound(spec)
    assert way(spec, "species")[:4] == ["image", "stage2", "stage1", "stage3"]
    assert feeds(spec, "up1") == ["up2", "stage2"]
    assert edits.swap_layers(spec, "stage1", "stage2") == edits.swap_layers(
        edits.swap_layers(sketch(), "stage1", "stage2"), "stage2", "stage1"
    )
    far = edits.swap_layers(sketch(), "pool_a", "up1")
    assert far.network.layer("pool_a").tasks == {"mask"} and far.network.layer("up1").tasks == {"species"}
    assert "cannot change places" in refusal(edits.swap_layers, sketch(), "image", "stage1")
    assert "two layers" in refusal(edits.swap_layers, sketch(), "stage1", "stage1")


def test_whose_weights_are_inherited_can_be_said() -> None:
    spec = edits.set_origin(sketch(), "stage4_m", "stage4")
    assert lineage(spec.network, "stage4_m") == ["stage4_m", "stage4"]
    assert edits.set_origin(spec, "stage4_m", None) == sketch()
    assert "itself" in refusal(edits.set_origin, spec, "stage4", "stage4_m")
    assert "itself" in refusal(edits.set_origin, spec, "stage4", "stage4")
    assert "no layer 'x'" in refusal(edits.set_origin, spec, "stage4", "x")


def test_freezing_up_to_a_layer() -> None:
    spec = edits.freeze_up_to(sketch(), "up2")
    assert {layer.id for layer in spec.network.layers if layer.frozen} == {
        "stage1", "stage2", "stage3", "stage4_m", "up3", "up2",
    }  # fmt: skip
    assert edits.freeze_up_to(spec, "up2", False) == sketch()

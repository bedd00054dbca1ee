from __future__ import annotations

from dataclasses import replace

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project import edits
from mtlstudio.project.spec import DatasetSpec, MethodSpec, Output, ProjectSpec, TaskSpec
from tests.project.building import assert_sound, project, spans_of
from tests.project.test_edits_sharing import refusal, sketch


def test_a_new_task_gets_a_head_and_all_before_it_serves_it() -> None:
    spec = edits.add_task(sketch(), TaskSpec("depth", "Depth", "depth"), row=1)
    assert spec.task_ids == ("species", "depth", "breed", "mask")
    spec, ids = edits.attach_head(spec, "depth", "stage2", [("conv", "Conv", {"c": 1}), ("conv", "头", {})], "wide")
    assert ids == ("conv", "conv_2")
    assert_sound(spec)
    assert "depth" in spec.network.layer("stage2").tasks and "depth" not in spec.network.layer("stage3").tasks
    assert spec.network.output_of("depth") == Output("depth", "conv_2")
    assert "output already" in refusal(edits.attach_head, spec, "depth", "stage2", [])


def test_a_removed_task_takes_along_what_only_it_used() -> None:
    spec = replace(
        sketch(),
        datasets=(DatasetSpec("d", "D", "pets", targets=FrozenDict(mask="trimap", breed="breed")),),
        training=replace(sketch().training, best="mask.mean_iou"),
    )
    spec = edits.remove_task(spec, "mask")
    assert_sound(spec)
    assert sorted(spans_of(spec)) == sorted(
        ["image", "stage1", "stage2", "stage3", "stage4", "pool_a", "pool_b", "head_a", "head_b"]
    )
    assert spec.datasets[0].targets == {"breed": "breed"} and spec.training.best == "loss"


def test_the_last_task_leaves_the_inputs() -> None:
    spec = sketch()
    for task_id in spec.task_ids:
        spec = edits.remove_task(spec, task_id)
    assert [layer.id for layer in spec.network.layers] == ["image"]
    spec, _ = edits.attach_head(edits.add_task(spec, TaskSpec("a", "A", "depth")), "a", "image", [("conv", "C", {})])
    assert spec.network.layer("image").tasks == {"a"}


def test_layers_that_led_nowhere_before_stay_when_others_use_them() -> None:
    spec, layer_id = edits.add_layer(sketch(), "conv", "Conv", None, ["mask", "breed"])
    spec, own = edits.add_layer(spec, "conv", "Conv", None, ["mask"])
    spec = edits.remove_task(spec, "mask")
    assert spans_of(spec)[layer_id] == "breed" and own not in spans_of(spec)


def test_rows_move() -> None:
    assert edits.move_task(sketch(), "mask", 0).task_ids == ("mask", "species", "breed")
    assert edits.move_task(sketch(), "species", 99).task_ids == ("breed", "mask", "species")
    assert edits.move_task(sketch(), "species", -5) == sketch()


def test_tasks_change_within_bounds() -> None:
    spec = edits.rename_task(sketch(), "mask", " 掩膜 ")
    spec = edits.set_task(spec, "mask", colour="#123456", parameters={"class_names": ["a", "b"]})
    spec = edits.set_loss_weights(spec, {"mask": 2, "breed": 0})
    task = spec.task("mask")
    assert (task.name, task.loss_weight, task.parameters["class_names"]) == ("掩膜", 2.0, ("a", "b"))
    for changes in ({"loss_weight": -1.0}, {"loss_weight": float("inf")}, {"colour": "red"}, {"name": ""}, {"id": "x"}):
        assert refusal(lambda changes=changes: edits.set_task(spec, "mask", **changes))
    assert "'nope'" in refusal(lambda: edits.set_task(spec, "mask", nope=1))


@pytest.mark.parametrize("task_id", ["mask", "宠物", "Mask", "a/b", "../x"])
def test_ids_are_slugs_and_unique(task_id: str) -> None:
    assert refusal(edits.add_task, sketch(), TaskSpec(task_id, "X", "depth"))


def test_settings_are_checked_by_their_declarations() -> None:
    spec = edits.set_training(edits.set_data(ProjectSpec("p"), image_size=64), optimizer=MethodSpec("sgd"), epochs=3)
    assert (spec.data.image_size, spec.training.epochs, spec.training.optimizer.method) == (64, 3, "sgd")
    with pytest.raises(StudioError, match="batch_size"):
        edits.set_training(spec, batch_size=0)
    assert "no setting 'epoch'" in refusal(lambda: edits.set_training(spec, epoch=1))
    assert "no setting 'optimizer'" in refusal(lambda: edits.set_training(spec, optimizer="sgd"))


def test_data_sets_come_change_and_go() -> None:
    spec = edits.add_dataset(ProjectSpec("p"), DatasetSpec("d", "D", "folders"))
    spec = edits.set_dataset(spec, "d", path="图 片/a b", targets={"a": "b"})
    assert spec.dataset("d").path == "图 片/a b" and spec.dataset("d").targets == {"a": "b"}
    assert edits.remove_dataset(spec, "d").datasets == ()
    assert "already" in refusal(edits.add_dataset, spec, DatasetSpec("d", "D", "folders"))
    assert "no data set" in refusal(edits.remove_dataset, spec, "e")
    assert "'nope'" in refusal(lambda: edits.set_dataset(spec, "d", nope=1))


def test_a_network_put_in_place_gets_its_tasks_right() -> None:
    network = replace(sketch().network, layers=tuple(replace(i, tasks=frozenset()) for i in sketch().network.layers))
    assert edits.replace_network(sketch(), network) == sketch()
    assert edits.rename_project(project({"a": "image head_a"}), " 新 ").name == "新"

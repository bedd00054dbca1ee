"""Each layer inherits from its nearest relative in the run what fits, and says where from or why not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mtlstudio.network.analyze import Memo, analyze
from mtlstudio.network.compile import MultiTaskNetwork, compile_network
from mtlstudio.network.inherit import Heritage, Inheritance, InheritedLayer, inherit_from, preview
from mtlstudio.project import edits
from mtlstudio.project.spec import ProjectSpec


@pytest.fixture
def shared(sketch) -> ProjectSpec:
    """Input, three convolutions, a head each for two tasks."""
    drawn = sketch("kind", "count", image_size=16)
    layer = drawn.input()
    for number in (1, 2, 3):
        layer = drawn.add("convolution", f"Stage {number}", layer, id=f"stage_{number}", out_channels=4 * number)
    for task in drawn.spec.tasks:
        drawn.head(task, layer)
    return drawn.spec.with_network(drawn.network())


def trained(spec: ProjectSpec, seed: int = 1) -> MultiTaskNetwork:
    """A network none of whose weights is as it was drawn."""
    torch.manual_seed(seed)
    net = compile_network(spec)
    with torch.no_grad():
        for value in net.state_dict().values():
            value.copy_(torch.randn(value.shape) if value.is_floating_point() else value + 3)
    return net


def inherited(now: ProjectSpec, then: ProjectSpec, old: MultiTaskNetwork) -> tuple[MultiTaskNetwork, Inheritance]:
    net = trained(now, seed=9)
    return net, inherit_from(net, now, old.state_dict(), then, "run")


def of(found: Inheritance, layer_id: str) -> InheritedLayer:
    item = found.of(layer_id)
    assert item is not None
    return item


def equal(first: MultiTaskNetwork, layer: str, second: MultiTaskNetwork, other: str) -> bool:
    one, two = first.layers[layer].state_dict(), second.layers[other].state_dict()
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_the_same_design_inherits_everything(shared) -> None:
    old = trained(shared)
    net, found = inherited(shared, shared, old)
    assert all(torch.equal(value, old.state_dict()[name]) for name, value in net.state_dict().items())
    assert {item.kind for item in found.layers} == {Heritage.ITSELF} and not found.lost and not found.lines()
    assert "global_pool" not in {shared.network.layer(item.layer).type for item in found.layers}


def test_copies_of_copies_inherit_from_the_nearest_that_was_trained(shared) -> None:
    old = trained(shared)
    now = edits.each_its_own(shared, "stage_1")
    net, found = inherited(now, shared, old)
    copies = [layer.id for layer in now.network.layers if layer.origin == "stage_2"]
    assert copies and all(equal(net, copy, old, "stage_2") for copy in copies)
    assert of(found, copies[0]).source == "stage_2" and of(found, copies[0]).kind is Heritage.COPIED
    assert "copy" in of(found, copies[0]).text()
    joined = edits.share(now, "stage_1", "count")
    again, told = inherited(joined, now, net)
    assert equal(again, "stage_2", old, "stage_2") and not told.lost


def test_a_wider_layer_takes_what_fits_and_so_does_the_one_behind_it(shared) -> None:
    old = trained(shared)
    now = edits.set_parameters(shared, ["stage_2"], out_channels=10)
    net, found = inherited(now, shared, old)
    assert of(found, "stage_2").kind is Heritage.ANEW and not of(found, "stage_2").taken
    assert "out_channels is 10, then 8" in of(found, "stage_2").text()
    behind = of(found, "stage_3")
    assert behind.kind is Heritage.PARTLY and behind.anew == ("conv.weight",)
    assert "its inputs have other channels" in behind.text()
    assert torch.equal(net.layers["stage_3"].norm.weight, old.layers["stage_3"].norm.weight)
    sizes = tuple(
        {layer: report.parameters for layer, report in analyze(spec, Memo()).layers.items()} for spec in (now, shared)
    )
    foreseen = preview(now, shared, "run", sizes)
    assert of(foreseen, "stage_3").kind is Heritage.PARTLY and of(foreseen, "stage_1").kind is Heritage.ITSELF


def test_another_type_a_new_layer_and_a_bypassed_one_start_anew_with_the_reason(shared) -> None:
    layers = {layer.id: layer for layer in shared.network.layers}
    changed = replace(layers["stage_1"], type="separable_convolution")
    now = shared.with_network(
        replace(
            shared.network, layers=tuple(changed if item.id == "stage_1" else item for item in shared.network.layers)
        )
    )
    bypassed = replace(layers["stage_3"], bypassed=True)
    then = shared.with_network(
        replace(
            shared.network, layers=tuple(bypassed if item.id == "stage_3" else item for item in shared.network.layers)
        )
    )
    old = trained(then)
    net, found = inherited(now, then, old)
    assert of(found, "stage_1").why() == "it was of type Convolution, now of type Depthwise separable"
    assert of(found, "stage_3").why() == "it had no weights in the run"
    assert [lost.layer for lost in found.lost] == ["stage_1"]
    assert found.lost[0].text() == "The weights of “Stage 1” are lost: no layer here takes them."
    fewer = edits.delete_layers(shared, ["stage_2"])
    _net, told = inherited(shared, fewer, trained(fewer))
    assert of(told, "stage_2").why() == "it is not in the run" and equal(net, "stage_2", old, "stage_2")


def test_an_id_that_is_used_again_does_not_lead_astray(shared) -> None:
    """In the run `stage_1_2` was another layer altogether; now it is a copy of `stage_1`."""
    now = edits.split_off(edits.set_parameters(shared, ["stage_1"], out_channels=3), "stage_1", {"count"})
    copy = next(layer.id for layer in now.network.layers if layer.origin == "stage_1")
    layers = [replace(item, id=copy) if item.id == "stage_2" else item for item in shared.network.layers]
    connections = tuple(
        replace(
            c, source=copy if c.source == "stage_2" else c.source, target=copy if c.target == "stage_2" else c.target
        )
        for c in shared.network.connections
    )
    then = shared.with_network(replace(shared.network, layers=tuple(layers), connections=connections))
    for layer in ("stage_1", copy):
        then = edits.set_parameters(then, [layer], out_channels=3)
    old = trained(then)
    net, found = inherited(now, then, old)
    assert equal(old, "stage_1", net, copy) and of(found, copy).source == "stage_1"


def test_where_the_original_left_its_copies_inherit_from_one_another(shared) -> None:
    """The run knows only a copy of `stage_1`; the design only the original."""
    renamed = edits.split_off(shared, "stage_1", {"count"})
    copy = next(layer.id for layer in renamed.network.layers if layer.origin == "stage_1")
    then = edits.remove_task(renamed, "kind")
    old = trained(then)
    net, found = inherited(edits.remove_task(shared, "kind"), then, old)
    assert "stage_1" not in {layer.id for layer in then.network.layers}
    assert of(found, "stage_1").source == copy and equal(net, "stage_1", old, copy)
    assert of(found, "stage_1").kind is Heritage.COPIED


def test_an_account_survives_the_log_of_a_run_and_reads_well(shared) -> None:
    now = edits.split_off(edits.set_parameters(shared, ["stage_2"], out_channels=10), "stage_3", {"count"})
    _net, found = inherited(now, shared, trained(shared))
    assert Inheritance.from_plain(found.as_plain()) == found
    assert "keep their weights" in found.summary() and "take what fits" in found.summary()
    assert all(line.endswith(".") and "{" not in line for line in found.lines())
    assert any("Stage 3 (Count)" in line for line in found.lines())  # two have the name: their tasks tell them apart

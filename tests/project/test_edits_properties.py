"""Random networks, random edits: what must always hold, and what sharing must never change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project import edits
from mtlstudio.project.check import check_structure
from mtlstudio.project.codec import from_json, to_json
from mtlstudio.project.graph import reaches
from mtlstudio.project.history import History
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import Connection, Output, ProjectSpec, TaskSpec
from tests.project.building import assert_sound, families, functions, pattern, projects

FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Edit = Callable[[ProjectSpec], ProjectSpec]


def _any_edit(draw: st.DrawFn, spec: ProjectSpec) -> Edit:
    """One edit with random arguments, sensible or not."""
    nonsense = not draw(st.integers(0, 9))
    ids = [layer.id for layer in spec.network.layers] + ["nowhere"] * nonsense
    tasks = [*spec.task_ids] + ["nobody"] * (nonsense or not spec.tasks)
    places: list[Any] = [*spec.network.connections, *spec.network.outputs]
    places += [Connection("nowhere", "x"), Output("nobody", "x")] * (nonsense or not places)
    layer, other, task = (draw(st.sampled_from(found)) for found in (ids, ids, tasks))
    some = draw(st.sets(st.sampled_from(tasks)))
    shared = [item for item in spec.network.layers if len(item.tasks) > 1 and item.type != "input"]
    wide = draw(st.sampled_from(shared)) if shared else spec.network.layers[0]
    part = draw(st.sets(st.sampled_from(sorted(wide.tasks) or tasks), min_size=1))
    place, number = draw(st.sampled_from(places)), draw(st.integers(-2, 9))
    chosen: list[Edit] = [
        lambda s: edits.share(s, layer, task),
        lambda s: edits.share(s, layer, task),
        lambda s: edits.unshare(s, wide.id, min(part)),
        lambda s: edits.split_off(s, wide.id, part),
        lambda s: edits.each_its_own(s, wide.id),
        lambda s: edits.share_among(s, layer, some),
        lambda s: edits.share_among(s, wide.id, part),
        lambda s: edits.set_split_point(s, number),
        lambda s: edits.insert_on_connection(s, place, "conv", "卷积", FrozenDict(c=1))[0],
        lambda s: edits.insert_on_connection(s, place, "pool", "Pool", None, some)[0],
        lambda s: edits.insert_after(s, layer, "conv", "Conv", {"c": 2}, some)[0],
        lambda s: edits.insert_after(s, layer, "conv", "Conv")[0],
        lambda s: edits.add_layer(s, "add", "Add", None, some)[0],
        lambda s: edits.delete_layers(s, [layer]),
        lambda s: edits.delete_layers(s, [layer, other]),
        lambda s: edits.move_layer(s, layer, place),
        lambda s: edits.shift_layer(s, layer, 1 if number % 2 else -1),
        lambda s: edits.connect(s, Connection(layer, other), variadic=number > 3),
        lambda s: edits.disconnect(s, place),
        lambda s: edits.set_output(s, task, layer),
        lambda s: edits.set_parameters(s, [layer, other], c=number),
        lambda s: edits.set_frozen(s, [layer], number > 3),
        lambda s: edits.set_bypassed(s, [layer], number > 3),
        lambda s: edits.rename_layer(s, layer, "名字" * number),
        lambda s: edits.rename_task(s, task, "任务"),
        lambda s: edits.set_loss_weights(s, {task: number}),
        lambda s: edits.move_task(s, task, number),
        lambda s: edits.remove_task(s, task),
        lambda s: edits.add_task(s, TaskSpec(f"new{number}", "New", "depth"), max(number, 0)),
        lambda s: edits.attach_head(s, task, layer, [("conv", "Conv", {}), ("head", "Head", {})])[0],
        lambda s: edits.paste(s, edits.extract(s, [layer, other]), place)[0],
    ]
    return draw(st.sampled_from(chosen))


@FEW
@given(st.data())
def test_whatever_is_edited_the_network_stays_sound_and_undo_is_exact(data: st.DataObject) -> None:
    spec = first = data.draw(st.one_of(projects(), families()))
    history: History[ProjectSpec] = History()
    for _ in range(data.draw(st.integers(1, 8))):
        edit = _any_edit(data.draw, spec)
        try:
            after = edit(spec)
        except edits.EditRefused as refusal:
            assert refusal.text()
            continue
        assert_sound(after)
        history.push(spec, after, "edit")
        spec = after
    assert from_json(json.loads(json.dumps(to_json(spec))), where="") == spec
    last, undone = spec, spec
    while history.undo_text is not None:
        undone = history.undo()
    assert undone == first and json.dumps(to_json(undone)) == json.dumps(to_json(first))
    while history.redo_text is not None:
        undone = history.redo()
    assert undone == last


@FEW
@given(projects(least_tasks=2), st.data())
def test_splitting_changes_what_no_task_computes(spec: ProjectSpec, data: st.DataObject) -> None:
    layers = [layer for layer in spec.network.layers if layer.type != "input" and len(layer.tasks) > 1]
    assume(layers)
    layer = data.draw(st.sampled_from(layers))
    away = frozenset(
        data.draw(st.sets(st.sampled_from(sorted(layer.tasks)), min_size=1, max_size=len(layer.tasks) - 1))
    )
    known: dict[Any, int] = {}
    after = edits.split_off(spec, layer.id, away)
    assert functions(after, known) == functions(spec, known)
    assert after.network.layer(layer.id).tasks == layer.tasks - away
    copy = next(new for new in after.network.layers if new.origin == layer.id)
    assert copy.tasks == away and (copy.name, copy.parameters) == (layer.name, layer.parameters)


@FEW
@given(projects(least_tasks=2), st.data())
def test_what_was_split_can_be_joined_again(spec: ProjectSpec, data: st.DataObject) -> None:
    reach = reaches(spec.network)
    giving = [output.layer for output in spec.network.outputs]
    layers = [
        layer
        for layer in spec.network.layers
        if layer.type != "input" and len(reach[layer.id]) > 1 and giving.count(layer.id) < 2
    ]
    assume(layers)
    layer = data.draw(st.sampled_from(layers))
    task = data.draw(st.sampled_from(sorted(layer.tasks)))
    known: dict[Any, int] = {}
    split = edits.unshare(spec, layer.id, task)
    joined = edits.share(split, layer.id, task)
    assert functions(joined, known) == functions(spec, known)
    assert joined.network.layer(layer.id).tasks == layer.tasks


@FEW
@given(st.one_of(projects(least_tasks=2), families()), st.data())
def test_sharing_serves_exactly_one_task_more_and_touches_no_other(spec: ProjectSpec, data: st.DataObject) -> None:
    layer = data.draw(st.sampled_from(spec.network.layers))
    task = data.draw(st.sampled_from(spec.task_ids))
    known: dict[Any, int] = {}
    before = functions(spec, known)
    try:
        after = edits.share(spec, layer.id, task)
    except edits.EditRefused:
        return
    assert_sound(after)
    assert after.network.layer(layer.id).tasks == layer.tasks | {task}
    for name, computed in functions(after, known).items():
        assert name == task or computed == before[name]


@FEW
@given(families(), st.data())
def test_the_split_point_goes_anywhere_and_back(spec: ProjectSpec, data: st.DataObject) -> None:
    positions = edits.split_positions(spec)
    current = next(position.index for position in positions if position.current)
    known: dict[Any, int] = {}
    there = data.draw(st.integers(0, len(positions) - 1))
    moved = edits.set_split_point(spec, there)
    assert_sound(moved)
    assert functions(moved, known) == functions(spec, known)
    found = edits.split_positions(moved)
    assert [position.name for position in found] == [position.name for position in positions]
    assert [position.index for position in found if position.current] == [there]
    if there <= current:
        back = edits.set_split_point(moved, current)
        assert pattern(back) == pattern(spec)
        assert functions(back, known) == functions(spec, known)


@FEW
@given(projects(least_tasks=2), st.data())
def test_the_split_point_never_changes_what_is_computed(spec: ProjectSpec, data: st.DataObject) -> None:
    positions = edits.split_positions(spec)
    known: dict[Any, int] = {}
    for position in positions:
        moved = edits.set_split_point(spec, position.index)
        assert_sound(moved)
        assert functions(moved, known) == functions(spec, known)
        if position.current:
            assert moved == spec


@FEW
@given(projects())
def test_deleting_every_layer_leaves_inputs_and_no_errors_but_missing_outputs(spec: ProjectSpec) -> None:
    rest = edits.delete_layers(spec, [layer.id for layer in spec.network.layers if layer.type != "input"])
    assert [layer.id for layer in rest.network.layers] == ["image"]
    errors = {problem.code for problem in check_structure(rest) if problem.severity is Severity.ERROR}
    assert errors <= {"network.no_output"}

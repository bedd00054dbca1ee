"""Groups of layers and of tasks, and what other edits make of them."""

from __future__ import annotations

from dataclasses import replace

from mtlstudio.project import edits, mends
from mtlstudio.project.check import check_structure
from mtlstudio.project.spec import Connection, LayerGroup, NetworkSpec, ProjectSpec, TaskGroup, TaskSpec
from tests.project.building import assert_sound, project
from tests.project.test_edits_sharing import refusal, sketch


def grouped() -> ProjectSpec:
    """The sketch with its three shared stages in one group."""
    spec, group_id = edits.group_layers(sketch(), ["stage3", "stage1", "stage2"], "Encoder")
    assert group_id == "encoder"
    return spec


def groups(spec: ProjectSpec) -> dict[str, tuple[str, ...]]:
    return {group.id: group.layers for group in spec.network.groups}


def test_a_group_is_folded_renamed_opened_and_dissolved() -> None:
    spec = grouped()
    assert spec.network.groups == (LayerGroup("encoder", "Encoder", ("stage1", "stage2", "stage3")),)
    spec = edits.fold_group(edits.rename_group(spec, "encoder", " 编码器 "), "encoder", False)
    assert (spec.network.groups[0].name, spec.network.groups[0].folded) == ("编码器", False)
    assert edits.ungroup(spec, "encoder") == sketch()
    assert "two layers" in refusal(edits.group_layers, sketch(), ["stage1"], "G")
    assert "input" in refusal(edits.group_layers, sketch(), ["image", "stage1"], "G")
    assert "empty" in refusal(edits.group_layers, sketch(), ["stage2", "stage1"], " ")
    for edit in (edits.ungroup, lambda s, g: edits.fold_group(s, g, True), lambda s, g: edits.rename_group(s, g, "x")):
        assert "no group 'x'" in refusal(edit, spec, "x")


def test_a_layer_is_in_one_group_at_most() -> None:
    spec, other = edits.group_layers(grouped(), ["stage3", "stage4"], "Encoder")
    assert groups(spec) == {"encoder": ("stage1", "stage2"), other: ("stage3", "stage4")} and other == "encoder_2"
    assert_sound(spec)


def test_deleted_layers_leave_and_an_empty_group_vanishes() -> None:
    spec = edits.delete_layers(grouped(), ["stage2"])
    assert groups(spec) == {"encoder": ("stage1", "stage3")}
    assert groups(edits.delete_layers(spec, ["stage1", "stage3"])) == {}


def test_what_is_put_between_two_of_a_group_joins_it_and_what_is_moved_out_leaves() -> None:
    spec, inner = edits.insert_on_connection(grouped(), Connection("stage1", "stage2"), "conv", "Conv")
    assert groups(spec)["encoder"] == ("stage1", "stage2", "stage3", inner)
    outside, _ = edits.insert_on_connection(grouped(), Connection("image", "stage1"), "conv", "Conv")
    assert groups(outside) == groups(grouped())
    moved = edits.move_layer(spec, inner, Connection("image", "stage1"))
    assert groups(moved) == groups(grouped())
    assert groups(edits.move_layer(moved, inner, Connection("stage2", "stage3")))["encoder"][-1] == inner
    behind, own = edits.insert_after(grouped(), "stage2", "conv", "Conv")
    assert own not in groups(behind)["encoder"]  # a skip leads out of the group


def test_copies_join_while_the_group_serves_them_and_else_have_a_group_of_their_own() -> None:
    part = edits.unshare(grouped(), "stage2", "mask")
    assert groups(part) == {"encoder": ("stage1", "stage2", "stage3", "stage2_2", "stage3_2")}
    whole = edits.unshare(grouped(), "stage1", "mask")
    assert groups(whole) == {
        "encoder": ("stage1", "stage2", "stage3"), "encoder_2": ("stage1_2", "stage2_2", "stage3_2"),
    }  # fmt: skip
    assert groups(edits.set_split_point(whole, 3)) == groups(grouped())


def test_groups_survive_every_kind_of_edit() -> None:
    spec = grouped()
    for after in (
        edits.share(spec, "stage4_m", "breed"),
        edits.remove_task(spec, "mask"),
        edits.swap_layers(spec, "stage4", "pool_a"),
        edits.replace_layer(spec, "stage4", "other")[0],
        edits.set_split_point(spec, 4),
        edits.move_task(spec, "mask", 0),
    ):
        assert groups(after) == groups(spec)
        assert_sound(after)


def test_a_whole_group_is_copied_with_its_layers() -> None:
    fragment = edits.extract(grouped(), ["stage1", "stage2", "stage3", "stage4"])
    spec, ids = edits.paste(grouped(), fragment, Connection("up1", "head_m"))
    assert groups(spec)["encoder_2"] == ids[:3]
    assert edits.extract(grouped(), ["stage1", "stage2"]).groups == ()


def forty(count: int = 12) -> ProjectSpec:
    spec = project({f"t{number}": f"image s1 head_{number}" for number in range(count)})
    return replace(spec, tasks=(*spec.tasks, TaskSpec("mask", "Mask", "segmentation")))


def task_groups(spec: ProjectSpec) -> dict[str, tuple[str, ...]]:
    return {group.id: group.tasks for group in spec.task_groups}


def test_grouping_tasks_moves_their_rows_together() -> None:
    spec, group = edits.group_tasks(forty(5), ["t4", "t1", "mask"], "Some")
    assert spec.task_ids == ("t0", "t1", "t4", "mask", "t2", "t3")
    assert task_groups(spec) == {group: ("t1", "t4", "mask")}
    inner, second = edits.group_tasks(spec, ["t4", "t3"], "More")
    assert inner.task_ids == ("t0", "t1", "mask", "t4", "t3", "t2")
    assert task_groups(inner) == {group: ("t1", "mask"), second: ("t4", "t3")}
    assert_sound(inner)
    assert "two tasks" in refusal(edits.group_tasks, spec, ["t1"], "G")
    assert "no task 'x'" in refusal(edits.group_tasks, spec, ["t1", "x"], "G")


def test_a_group_of_tasks_is_folded_renamed_moved_and_dissolved() -> None:
    spec, group = edits.group_tasks(forty(5), ["t1", "t2"], "Some")
    assert edits.fold_tasks(spec, group, False).task_groups[0].folded is False
    assert edits.rename_task_group(spec, group, "属性").task_groups[0].name == "属性"
    assert edits.move_task_group(spec, group, 99).task_ids == ("t0", "t3", "t4", "mask", "t1", "t2")
    assert edits.ungroup_tasks(spec, group) == forty(5)
    for edit in (
        edits.ungroup_tasks,
        lambda s, g: edits.fold_tasks(s, g, True),
        lambda s, g: edits.move_task_group(s, g, 0),
    ):
        assert "no group of tasks 'x'" in refusal(edit, spec, "x")


def test_a_group_is_never_put_into_another() -> None:
    spec, first = edits.group_tasks(forty(6), ["t0", "t1"], "A")
    spec, _ = edits.group_tasks(spec, ["t3", "t4"], "B")
    moved = edits.move_task_group(spec, first, 2)
    assert moved.task_ids == ("t2", "t3", "t4", "t0", "t1", "t5", "mask")
    assert_sound(moved)


def test_a_row_moved_out_leaves_its_group_and_one_moved_in_joins() -> None:
    spec, group = edits.group_tasks(forty(5), ["t1", "t2", "t3"], "Some")
    assert task_groups(edits.move_task(spec, "t2", 3)) == {group: ("t1", "t3", "t2")}
    assert task_groups(edits.move_task(spec, "t2", 4)) == {group: ("t1", "t3")}
    assert task_groups(edits.move_task(spec, "t4", 2)) == {group: ("t1", "t4", "t2", "t3")}
    assert task_groups(edits.move_task(spec, "t4", 1)) == {group: ("t1", "t2", "t3")}
    assert task_groups(edits.add_task(spec, TaskSpec("new", "New", "depth"), 2))[group][1] == "new"
    alone = edits.remove_task(edits.remove_task(spec, "t1"), "t2")
    assert task_groups(alone) == {group: ("t3",)}
    assert task_groups(edits.move_task(alone, "t3", 0)) == {group: ("t3",)}
    assert task_groups(edits.remove_task(alone, "t3")) == {}


def test_many_tasks_of_one_type_are_worth_a_group() -> None:
    spec = forty(12)
    (suggested,) = edits.suggest_task_groups(spec, {"classification": "Attributes"})
    assert (suggested.name, len(suggested.tasks), suggested.folded) == ("Attributes × 12", 12, True)
    spec, _ = edits.group_tasks(spec, suggested.tasks, suggested.name)
    assert edits.suggest_task_groups(spec) == ()
    assert edits.suggest_task_groups(forty(7)) == ()


def broken(**changes: object) -> ProjectSpec:
    return replace(sketch(), **changes)  # type: ignore[arg-type]


def test_broken_groups_in_a_file_are_found_and_mended() -> None:
    network: NetworkSpec = replace(
        sketch().network,
        groups=(
            LayerGroup("g", "G", ("stage1", "ghost")), LayerGroup("h", "H", ("stage1", "stage2")), LayerGroup("i", "I", ()),
        ),
    )  # fmt: skip
    rows = (TaskGroup("g", "G", ("species", "mask")), TaskGroup("h", "H", ("mask", "ghost")), TaskGroup("i", "I", ()))
    spec = replace(sketch(), network=network, task_groups=rows)
    found = check_structure(spec)
    assert sorted((problem.code, problem.place.id) for problem in found) == [
        ("network.group_empty", "i"), ("network.group_layer", "g"), ("network.group_overlap", "h"),
        ("project.task_group_apart", "g"), ("project.task_group_empty", "i"),
        ("project.task_group_overlap", "h"), ("project.task_group_task", "h"),
    ]  # fmt: skip
    for problem in found:
        mend = mends.mend_of(problem)
        assert mend is not None and problem.code not in {p.code for p in check_structure(mend.apply(spec, problem))}
    for problem in found:
        mend = mends.mend_of(problem)
        assert mend is not None
        spec = mend.apply(spec, problem)
    assert check_structure(spec) == []
    assert task_groups(spec) == {"g": ("species", "mask")}

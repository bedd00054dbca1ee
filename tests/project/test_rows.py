from __future__ import annotations

from hypothesis import given, settings

from mtlstudio.project import edits
from mtlstudio.project.rows import row_order, spans
from mtlstudio.project.spec import ProjectSpec
from tests.project.building import families, project


def test_rows_of_a_group_are_brought_together_where_its_first_stands() -> None:
    spec = project({"a": "image x head_a", "b": "image y head_b", "c": "image x head_c", "d": "image y head_d"})
    assert row_order(spec) == ["a", "c", "b", "d"]
    assert spans(spec, "x") == [(0, 0), (2, 2)]
    assert spans(spec, "x", row_order(spec)) == [(0, 1)]
    assert spans(spec, "image") == [(0, 3)]


def test_groups_within_groups_stay_together() -> None:
    ways = {"a": "image x p head_a", "b": "image z head_b", "c": "image x q head_c", "d": "image x p head_d"}
    assert row_order(project(ways)) == ["a", "d", "c", "b"]


def test_overlapping_groups_still_give_an_order() -> None:
    spec = project({"a": "image x head_a", "b": "image x add_b head_b", "c": "image y head_c"})
    assert sorted(row_order(spec)) == ["a", "b", "c"]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(families())
def test_in_a_tree_of_tasks_every_layer_spans_neighbours(spec: ProjectSpec) -> None:
    turned = list(reversed(spec.tasks[1:])) + [spec.tasks[0]]
    shuffled = ProjectSpec("p", tasks=tuple(turned[::2] + turned[1::2]), network=spec.network)
    rows = row_order(shuffled)
    assert sorted(rows) == sorted(spec.task_ids)
    for layer in spec.network.layers:
        assert len(spans(shuffled, layer.id, rows)) == 1


def test_the_rows_of_a_group_of_tasks_stay_neighbours_whatever_is_shared() -> None:
    spec = project({"a": "image x head_a", "b": "image y head_b", "c": "image x head_c", "d": "image y head_d"})
    spec, _ = edits.group_tasks(spec, ["a", "b"], "Group")
    assert row_order(spec) == ["a", "b", "c", "d"]
    spec, _ = edits.group_tasks(spec, ["d", "b"], "Group")
    assert row_order(spec) == ["a", "c", "b", "d"]

"""A person's first minutes with the sharing grid, on the sample scenes: by clicks and keys alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt

from mtlstudio.data.propose import propose
from mtlstudio.network.templates.registry import template
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import Connection


@pytest.mark.parametrize("template_id", ["unet", "shared", "tree", "separate"])
def test_add_a_layer_share_it_move_the_split_and_undo_it_all(
    template_id: str, open_room: Callable[..., Any], tmp_path: Path, qtbot: Any
) -> None:
    spec = propose("scenes", [], tmp_path)
    room = open_room(spec.with_network(template(template_id).build(spec)), 1440, 840)
    qtbot.waitUntil(lambda: room.studio.analysis.analysis is not None, timeout=30000)
    first = room.spec
    top, second = room.canvas.scene.layout.tasks[:2]
    head = room.spec.network.output_of(top).layer
    into = next(c for c in room.spec.network.connections if c.target == head)

    room.click(room.canvas.plus_button(into))
    room.type("fully")
    room.key(Qt.Key.Key_Return)
    added = room.document.selection[0]
    assert room.tasks_of(added) == {top}

    start = room.canvas.edge_handle(added, "lower")
    room.drag(start, QPoint(start.x(), room.middle_of_row(second)))
    assert room.tasks_of(added) == {top, second}, room.said

    handle, places = room.canvas.split_handle(), room.canvas.split_positions_x()
    nearest = min(range(len(places)), key=lambda i: abs(places[i] - handle.x()))
    target = places[nearest - 1] if nearest else places[nearest + 1]
    room.drag(handle, QPoint(target, handle.y()))
    shared = sum(layer.tasks == set(room.spec.task_ids) for layer in room.spec.network.layers)
    assert shared != sum(layer.tasks == set(first.task_ids) for layer in first.network.layers)
    assert room.canvas.grab().width() > 0

    qtbot.waitUntil(room.workspace.settled, timeout=30000)
    assert not [p for p in room.studio.analysis.analysis.problems if p.severity is Severity.ERROR]
    for _step in range(3):
        room.document.undo()
    assert room.spec == first and not room.document.can_undo


def test_the_other_task_keeps_its_way(open_room: Callable[..., Any], tmp_path: Path) -> None:
    spec = propose("scenes", [], tmp_path)
    room = open_room(spec.with_network(template("shared").build(spec)), 1440, 840)
    third = room.canvas.scene.layout.tasks[2]
    before = {c for c in room.spec.network.connections if third in room.spec.network.layer(c.target).tasks}
    head = room.spec.network.output_of(room.canvas.scene.layout.tasks[0]).layer
    into: Connection = next(c for c in room.spec.network.connections if c.target == head)
    room.click(room.canvas.plus_button(into))
    room.type("dropout")
    room.key(Qt.Key.Key_Return)
    after = {c for c in room.spec.network.connections if third in room.spec.network.layer(c.target).tasks}
    assert before == after

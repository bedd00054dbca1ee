"""A task with few labelled pictures for its own weights is told once the data are known, and mended with a click."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from mtlstudio.network import warnings
from mtlstudio.project.edits import set_parameters


def codes(room: Any) -> list[str]:
    analysis = room.studio.analysis.analysis
    return [problem.code for problem in analysis.problems] if analysis is not None else []


def test_few_samples_are_told_and_dropout_mends_it(room: Any, qtbot: Any) -> None:
    room.document.apply("own", lambda spec: set_parameters(spec, ["stage4"], out_channels=160))
    room.document.select(["stage4"])
    room.workspace.commands.own()
    room.document.select([])
    qtbot.waitUntil(lambda: room.studio.analysis.analysis is not None and room.workspace.settled(), timeout=30000)
    assert warnings.FEW_SAMPLES not in codes(room)
    room.studio.analysis.tell_samples({"species": 40, "breed": 5000})
    qtbot.waitUntil(lambda: codes(room).count(warnings.FEW_SAMPLES) == 1, timeout=30000)
    notice = room.workspace.properties.network_page.problems.notices()[0]
    assert "Species" in notice.accessibleName()
    button = next(b for b in notice.findChildren(QPushButton) if b.text() == "Add dropout")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: warnings.FEW_SAMPLES not in codes(room) and room.workspace.settled(), timeout=30000)
    assert any(layer.type == "dropout" and layer.tasks == {"species"} for layer in room.spec.network.layers)

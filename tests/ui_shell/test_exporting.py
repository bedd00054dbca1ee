"""The window's export job: one answer to each start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("PySide6")

from mtlstudio.network.export import ExportResult
from mtlstudio.session.exporting import Exporter
from tests.training.small import project

pytestmark = pytest.mark.gui


@pytest.fixture
def exporter(qtbot) -> Iterator[Exporter]:
    made = Exporter()
    yield made
    made.shut_down()
    made.deleteLater()


def test_a_design_is_exported_and_told(exporter: Exporter, qtbot, tmp_path: Path) -> None:
    told: list[str] = []
    exporter.progressed.connect(told.append)
    with qtbot.waitSignal(exporter.finished, timeout=60000) as caught:
        exporter.start(project(), "python", tmp_path)
        assert exporter.busy
    (result,) = caught.args
    assert isinstance(result, ExportResult) and result.files[0].is_file() and not exporter.busy
    assert len(told) >= 3 and all(sentence.endswith("…") for sentence in told)
    assert result.files[0].name in result.text()


def test_a_failure_is_a_sentence(exporter: Exporter, qtbot, tmp_path: Path) -> None:
    with qtbot.waitSignal(exporter.failed, timeout=30000) as caught:
        exporter.start(project(), "safetensors", tmp_path)
    assert "needs a trained run" in caught.args[0] and not exporter.busy


def test_what_is_cancelled_says_so_and_leaves_nothing(exporter: Exporter, qtbot, tmp_path: Path) -> None:
    finished: list[object] = []
    exporter.finished.connect(finished.append)
    exporter.start(project(), "python", tmp_path / "out")
    with qtbot.waitSignal(exporter.cancelled, timeout=1000):
        exporter.cancel()
    qtbot.waitUntil(lambda: not exporter.jobs.busy, timeout=60000)
    assert finished == [] and not any(path.is_file() for path in tmp_path.rglob("*"))

"""The grid as a picture, and the dialog that takes the network away."""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from mtlstudio.base.errors import StudioError
from mtlstudio.network.analyze import analyze
from mtlstudio.network.export.formats import ExportResult
from mtlstudio.project.spec import LayerSpec, NetworkSpec, ProjectSpec
from mtlstudio.ui.design.export_dialog import ExportDialog, things
from mtlstudio.ui.design.grid_picture import GridPicture, PaperOptions
from mtlstudio.ui.theme import theme
from mtlstudio.ui.theme.tokens import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"
LEFT = Qt.MouseButton.LeftButton


def picture(spec: ProjectSpec, **options: Any) -> GridPicture:
    return GridPicture(spec, analyze(spec), PaperOptions(**options))


def test_the_svg_is_vectors_with_every_name(qtbot: Any, pets_spec: ProjectSpec, tmp_path: Path) -> None:
    picture(pets_spec).save_svg(tmp_path / "a.svg")
    root = Xml.parse(tmp_path / "a.svg").getroot()
    texts = [text.text.strip() for text in root.iter(f"{SVG}text") if text.text]
    assert {layer.name for layer in pets_spec.network.layers} <= set(texts)
    assert {task.name for task in pets_spec.tasks} <= set(texts)
    assert not list(root.iter(f"{SVG}image"))
    picture(pets_spec, text_as_paths=True).save_svg(tmp_path / "b.svg")
    paths = Xml.parse(tmp_path / "b.svg").getroot()
    assert not list(paths.iter(f"{SVG}text")) and len(list(paths.iter(f"{SVG}path"))) > len(texts)


def test_the_png_is_the_whole_network_at_the_wanted_scale_and_theme(qtbot: Any, pets_spec: ProjectSpec) -> None:
    one, three = picture(pets_spec, scale=1.0), picture(pets_spec, scale=3.0)
    assert three.image().width() == 3 * one.image().width() >= 3 * one.size.width() - 3
    assert one.image().pixelColor(1, 1) == QColor(LIGHT.background)
    assert picture(pets_spec, theme="dark").image().pixelColor(1, 1) == QColor(DARK.background)
    assert picture(pets_spec, ground=False).image().pixelColor(1, 1).alpha() == 0
    assert picture(pets_spec, costs=False).size.height() < one.size.height()


def test_a_picture_too_large_is_refused(qtbot: Any, pets_spec: ProjectSpec) -> None:
    layers = tuple(LayerSpec(f"c{n}", f"C {n}", "convolution", frozenset({"species"})) for n in range(400))
    from mtlstudio.project.spec import Connection

    ways = tuple(Connection(f"c{n}", f"c{n + 1}") for n in range(399))
    spec = replace(pets_spec, network=NetworkSpec(layers, ways))
    with pytest.raises(StudioError):
        GridPicture(spec, None, PaperOptions(scale=4.0)).image()


@pytest.fixture
def dialog(room: Any, qtbot: Any) -> Any:
    qtbot.waitUntil(lambda: room.studio.analysis.analysis is not None, timeout=30000)
    made = ExportDialog(room.document, lambda: room.studio.analysis.analysis, room.studio.settings, room.window)
    made.show()
    yield made
    made.done(0)
    made.deleteLater()


def test_what_needs_a_run_is_grey_with_the_reason(dialog: Any) -> None:
    for thing in things():
        dialog.choose(thing.id)
        needs = thing.format is not None and thing.format.needs_run
        assert dialog.go.isEnabled() != needs
        assert dialog.needs.isVisible() == needs and bool(dialog.needs.text()) == needs


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_picture_is_written_where_it_was_wanted(dialog: Any, tmp_path: Path, kind: str) -> None:
    dialog.choose(kind)
    target = tmp_path / "new" / f"grid.{kind}"
    dialog.path.setText(str(target))
    QTest.mouseClick(dialog.go, LEFT)
    assert target.stat().st_size > 1000 and dialog.outcome.isVisible()
    assert kind != "png" or not QImage(str(target)).isNull()
    dialog.path.setText(str(target))
    assert dialog.replaces.isVisible()
    assert theme().name == "dark"


def test_the_summary_is_copied_and_saved(dialog: Any, tmp_path: Path, qapp: Any) -> None:
    dialog.choose("text")
    shown = dialog.text_page.text.toPlainText()
    assert "Species" in shown
    QTest.mouseClick(dialog.findChild(QPushButton, "export-copy"), LEFT)
    assert qapp.clipboard().text() == shown
    dialog.path.setText(str(tmp_path / "a.txt"))
    QTest.mouseClick(dialog.go, LEFT)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == shown


def test_an_export_tells_how_far_it_is_and_how_it_ended(dialog: Any, tmp_path: Path, monkeypatch: Any) -> None:
    started: list[tuple[Any, ...]] = []
    monkeypatch.setattr(dialog.exporter, "start", lambda *values: started.append(values))
    dialog.choose("python")
    dialog.path.setText(str(tmp_path / "net.py"))
    QTest.mouseClick(dialog.go, LEFT)
    (source, kind, path, weights, _which), *_ = started
    assert isinstance(source, ProjectSpec) and (kind, path, weights) == ("python", tmp_path / "net.py", False)
    assert dialog.stop.isVisible() and not dialog.list.isEnabled()
    dialog.exporter.progressed.emit("Comparing")
    assert dialog.progress.text() == "Comparing"
    dialog.exporter.finished.emit(ExportResult("python", (path,), {"species": 1e-7}, (2,), notes=("A note",)))
    assert dialog.outcome.isVisible() and "1.0e-07" in dialog.outcome.accessibleName()
    assert not dialog.stop.isVisible() and dialog.go.isEnabled()
    dialog.exporter.failed.emit("cannot")
    assert dialog.outcome.accessibleDescription() == "cannot"

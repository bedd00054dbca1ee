"""The main job in the real window, with clicks and keys alone, on real pictures; what is on screen is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.base.settings import load_settings
from mtlstudio.data.scenes import SceneDials, draw
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import EpochFinished, WeightsChanged
from mtlstudio.session.studio import Studio
from mtlstudio.session.training import State
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.theme import apply_theme
from mtlstudio.ui.widgets.value_slider import ValueSlider

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """The whole window, with settings of its own."""
    monkeypatch.setenv("MTLSTUDIO_HOME", str(tmp_path / "home 家"))
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, "dark")
    studio = Studio(load_settings())
    studio.said.connect(lambda text, kind: print(kind, text))
    made = MainWindow(studio)
    made.resize(1440, 900)
    made.show()
    qtbot.waitExposed(made)
    studio.engine.start()
    qtbot.waitUntil(lambda: studio.engine.is_ready, timeout=60000)
    yield made
    made.dispose()
    studio.shut_down()
    made.deleteLater()


def click(window: QWidget, name: str) -> None:
    """Clicks the button of that name."""
    found = window.findChild(QPushButton, name) or window.findChild(QToolButton, name)
    assert found is not None and found.isVisible(), name
    QTest.mouseClick(found, LEFT)


def drag(widget: QWidget, start: QPoint, end: QPoint) -> None:
    """A drag with the left button, in small steps as a hand does it."""
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 13):
        QTest.mouseMove(widget, start + (end - start) * step / 12)
        QTest.qWait(10)
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, end)


def make_small(window: MainWindow) -> None:
    """Few and small scenes, so that two epochs take seconds (in the Data workspace these are fields)."""
    from dataclasses import replace

    document = window.studio.document
    assert document is not None

    def edit(spec: ProjectSpec) -> ProjectSpec:
        scenes = spec.datasets[0]
        scenes = replace(scenes, parameters=scenes.parameters.with_(count=48, size=48))
        training = replace(spec.training, epochs=2, batch_size=8)
        return replace(spec, datasets=(scenes,), data=replace(spec.data, image_size=48), training=training)

    assert document.apply("small", edit)


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Waits until figures and pictures are there."""
    qtbot.waitUntil(window.settled, timeout=60000)


def test_the_main_job_with_clicks_and_keys_alone(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = window.studio
    click(window, "try-sample")
    document = studio.document
    assert document is not None
    make_small(window)
    settle(qtbot, window)
    first = document.spec
    canvas = window.workspaces["design"].canvas  # type: ignore[attr-defined]

    # a layer is added to one task: the + on the way from its pool to its head, and the popup's search
    way = next(
        item for item in first.network.connections if _own(first, item.source) == _own(first, item.target) == "largest"
    )
    QTest.mouseClick(canvas, LEFT, Qt.KeyboardModifier.NoModifier, canvas.plus_button(way))
    QTest.qWait(50)
    QTest.keyClicks(QApplication.focusWidget(), "fully")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    added = [
        layer for layer in document.spec.network.layers if layer.id not in {old.id for old in first.network.layers}
    ]
    assert [(layer.type, layer.tasks) for layer in added] == [("fully_connected", frozenset(("largest",)))]
    settle(qtbot, window)

    # a card's edge is pulled over the next row: two tasks share it
    with_layer = document.spec
    pool = _own_layer(with_layer, "largest", "global_pool")
    handle = canvas.edge_handle(pool, "lower")
    below = canvas.card_rect(_own_layer(with_layer, "shapes", "global_pool")).center()
    QTest.mouseClick(canvas, LEFT, Qt.KeyboardModifier.NoModifier, canvas.card_rect(pool).center())
    drag(canvas, handle, QPoint(handle.x(), below.y() + 12))
    assert document.spec.network.layer(pool).tasks == frozenset(("largest", "shapes"))
    settle(qtbot, window)

    # the split point is moved to the left: less is shared by all
    shared = document.spec
    start, xs = canvas.split_handle(), sorted(canvas.split_positions_x())
    earlier = [x for x in xs if x < start.x() - 4][-1]
    drag(canvas, start, QPoint(earlier, start.y()))
    split = document.spec
    assert _trunk_size(split) < _trunk_size(shared)
    settle(qtbot, window)
    analysis = studio.analysis.analysis
    assert analysis is not None and not [p for p in analysis.problems if p.severity == "error"]

    # two epochs; a curve per task
    QTest.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: studio.training.state == State.RUNNING, timeout=60000)
    assert window.current == "train"
    train = window.workspaces["train"]
    slider = _slider(train, "mask")
    qtbot.waitUntil(lambda: any(event.kind == "steps_measured" for event in studio.training.history), timeout=60000)
    track = slider.focusProxy() or slider
    QTest.mouseClick(track, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(int(track.width() * 0.9), track.height() // 2))
    qtbot.waitUntil(lambda: any(isinstance(event, WeightsChanged) for event in studio.training.history), timeout=60000)
    qtbot.waitUntil(lambda: not studio.training.is_training, timeout=180000)
    settle(qtbot, window)
    epochs = [event for event in studio.training.history if isinstance(event, EpochFinished)]
    assert [event.epoch for event in epochs] == [1, 2]
    for task in split.task_ids:
        x, y = _curve(train, task)
        assert len(x) >= 2 and np.isfinite(y).all(), f"no curve of {task}"
    _assert_steered(train, studio)

    # a picture is opened, and its mask is on the screen
    picture = tmp_path / "a picture 图.png"
    Image.fromarray(draw(SceneDials(size=96), 7).image).save(picture)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(picture)], ""))
    QTest.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    settle(qtbot, window)
    click(window, "button-inspect.open")
    inspect = window.workspaces["inspect"]
    qtbot.waitUntil(lambda: picture.name in "".join(inspect.status()), timeout=60000)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: "mask" in inspect.predictions, timeout=60000)  # type: ignore[attr-defined]
    mask = inspect.predictions["mask"].indices  # type: ignore[attr-defined]
    assert mask.shape == (96, 96), "masks have the picture's own size"
    view = inspect.panes.main  # type: ignore[attr-defined]
    inspect.panes.set_opacity(1.0)  # type: ignore[attr-defined]
    task = inspect._tasks["mask"]  # type: ignore[attr-defined]
    _assert_on_screen(view, task.paint(inspect.predictions["mask"]), inspect._looked.image)  # type: ignore[attr-defined]

    # the truth of a picture of the data is painted too, certainly with some shape in it
    inspect.strip.split_chosen.emit("test")  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: bool(inspect._looked.truths), timeout=60000)  # type: ignore[attr-defined]
    settle(qtbot, window)
    truth = task.paint(inspect._looked.truths["mask"])  # type: ignore[attr-defined]
    assert _assert_on_screen(inspect.panes.views["truth"], truth, inspect._looked.image) > 0  # type: ignore[attr-defined]

    # undo brings the network back, exactly
    QTest.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    for _ in range(20):
        if document.spec.network != first.network:
            QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            QTest.qWait(20)
    assert document.spec.network == first.network
    if folder := os.environ.get("MTLSTUDIO_TEST_SHOTS"):
        window.grab().save(str(Path(folder) / "e2e.png"))


def test_the_language_changes_while_the_window_is_open(qtbot: QtBot, window: MainWindow) -> None:
    click(window, "try-sample")
    settle(qtbot, window)
    window.actions_.trigger("view.language")
    qtbot.waitUntil(lambda: window.actions_["project.save"].text() == "保存", timeout=20000)
    settle(qtbot, window)
    assert window.current == "design"
    qtbot.waitUntil(lambda: "design" in window.workspaces and window.workspaces["design"].isVisible(), timeout=20000)
    window.actions_.trigger("view.language")
    qtbot.waitUntil(lambda: window.actions_["project.save"].text() == "Save", timeout=20000)


def test_every_workspace_opens_before_anything_was_trained(qtbot: QtBot, window: MainWindow) -> None:
    click(window, "try-sample")
    make_small(window)
    for number, name in enumerate(("data", "design", "train", "inspect", "compare"), 1):
        QTest.keyClick(window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.AltModifier)
        settle(qtbot, window)
        assert window.current == name and window.workspaces[name].isVisible()
        shown = _pixels(window.workspaces[name].grab().toImage()).reshape(-1, 3)[::97]
        assert len(np.unique(shown, axis=0)) > 8, f"{name} is empty"


def test_a_project_that_did_not_end_well_is_offered_for_recovery(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mtlstudio.project import edits, files
    from mtlstudio.ui.shell import dialogs

    click(window, "try-sample")
    document = window.studio.document
    assert document is not None
    folder, saved = document.folder, document.spec
    edited = edits.rename_task(saved, "mask", "分割")
    document.close()
    window.studio.document = None
    files.autosave(folder, edited)
    monkeypatch.setattr(dialogs, "ask_to_recover", lambda *_: True)
    window.projects.open(folder)
    reopened = window.studio.document
    assert reopened is not None and reopened.spec == edited and not reopened.is_saved
    assert files.load(folder) == saved, "what is on disk stays until it is saved"


def _own(spec: ProjectSpec, layer_id: str) -> str | None:
    tasks = spec.network.layer(layer_id).tasks
    return next(iter(tasks)) if len(tasks) == 1 else None


def _own_layer(spec: ProjectSpec, task: str, type_id: str) -> str:
    return next(
        layer.id for layer in spec.network.layers if layer.type == type_id and layer.tasks == frozenset((task,))
    )


def _trunk_size(spec: ProjectSpec) -> int:
    return sum(layer.tasks == frozenset(spec.task_ids) for layer in spec.network.layers)


def _slider(room: QWidget, task: str) -> ValueSlider:
    found = room.findChild(ValueSlider, f"weight-{task}")
    assert found is not None
    return found


def _curve(room: QWidget, task: str) -> tuple[np.ndarray, np.ndarray]:
    """What the plot of a task draws."""
    panel = room.findChild(QWidget, f"plot-{task}")
    assert panel is not None and panel.isVisible()
    return panel.canvas.drawn()["shown"]  # type: ignore[attr-defined,no-any-return]


def _assert_steered(room: QWidget, studio: Studio) -> None:
    """λ of the mask, changed while it trained, is marked on the plots and in the log, and stands in the run on disk."""
    run = studio.training.run
    assert run is not None
    changes = [event for event in run.events() if isinstance(event, WeightsChanged)]
    first, last = changes[0].before, changes[-1].after
    assert last["mask"] / sum(last.values()) > 2 * first["mask"] / sum(first.values())
    for name in ("total", "mask"):
        panel = room.findChild(QWidget, f"plot-{name}")
        assert panel is not None
        marks = [mark for mark in panel.canvas.marks if mark.words.startswith("λ")]  # type: ignore[attr-defined]
        assert [mark.x for mark in marks] == [changes[-1].step]
    assert room.runs.steered.isVisible()  # type: ignore[attr-defined]
    assert any("Changed by hand" in text for text in room.log.texts())  # type: ignore[attr-defined]


def _pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)


def _assert_on_screen(view: QWidget, painting: object, image: np.ndarray) -> int:
    """At many points the screen shows the colour of the class there, or the bare picture where none is painted.

    Returns how many of them are painted.
    """
    indices, colours = painting.indices, painting.colours  # type: ignore[attr-defined]
    shot = view.grab()
    ratio, pixels = shot.devicePixelRatio(), _pixels(shot.toImage())
    checked = right = painted = 0
    for y in range(3, indices.shape[0] - 3, 4):
        for x in range(3, indices.shape[1] - 3, 4):
            index = int(indices[y, x])
            if (indices[y - 2 : y + 3, x - 2 : x + 3] != index).any() or index >= len(colours):
                continue
            colour = colours[index]
            wanted = (
                image[y, x].astype(int) if colour is None else np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
            )
            at = view.to_widget(x + 0.5, y + 0.5)  # type: ignore[attr-defined]
            shown = pixels[int(at.y() * ratio), int(at.x() * ratio)].astype(int)
            checked += 1
            painted += colour is not None
            right += bool(np.abs(shown - wanted).max() <= 8)
    assert checked > 40 and right / checked > 0.95, f"{right} of {checked}"
    return painted

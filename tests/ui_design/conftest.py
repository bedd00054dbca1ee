"""A small project like the one in the sketches, and the Design workspace on it in a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.settings import Settings
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec
from mtlstudio.session.document import Document
from mtlstudio.session.studio import Studio
from mtlstudio.ui.design.canvas import Canvas
from mtlstudio.ui.design.workspace import DesignWorkspace
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.theme import apply_theme

ALL = ("species", "breed", "mask")


def layer(id_: str, name: str, type_: str, tasks: tuple[str, ...], **parameters: Any) -> LayerSpec:
    """A layer in one line."""
    return LayerSpec(id_, name, type_, frozenset(tasks), FrozenDict(parameters))


def task(id_: str, name: str, type_: str, colour: str, weight: float) -> TaskSpec:
    """A task of two classes."""
    return TaskSpec(id_, name, type_, colour, FrozenDict(class_names=("a", "b")), loss_weight=weight)


@pytest.fixture
def pets_spec() -> ProjectSpec:
    """Three stages for all, a fourth for the labels and one for the mask, heads, a decoder with three skips."""
    layers = [
        layer("image", "Image", "input", ALL, input="image"),
        *(layer(f"stage{n}", f"Stage {n}", "residual_stage", ALL, out_channels=8 * n) for n in (1, 2, 3)),
        layer("stage4", "Stage 4", "residual_stage", ALL[:2], out_channels=32),
        replace(layer("stage4_2", "Stage 4", "residual_stage", ALL[2:], out_channels=32), origin="stage4"),
    ]
    ways = ["image", "stage1", "stage2", "stage3"]
    connections = [Connection(a, b) for a, b in zip(ways, [*ways[1:], "stage4"], strict=True)]
    connections.append(Connection("stage3", "stage4_2"))
    outputs = []
    for id_ in ALL[:2]:
        layers += [
            layer(f"pool_{id_}", "Pool", "global_pool", (id_,)),
            layer(f"head_{id_}", "Head", "linear_head", (id_,)),
        ]
        connections += [Connection("stage4", f"pool_{id_}"), Connection(f"pool_{id_}", f"head_{id_}")]
        outputs.append(Output(id_, f"head_{id_}"))
    before = "stage4_2"
    for n in (3, 2, 1):
        layers.append(layer(f"up{n}", f"Up {n}", "unet_decoder", ALL[2:], out_channels=8 * n))
        connections += [Connection(before, f"up{n}"), Connection(f"stage{n}", f"up{n}", target_port="skip")]
        before = f"up{n}"
    layers.append(layer("head_mask", "Head", "dense_head", ALL[2:]))
    connections.append(Connection(before, "head_mask"))
    outputs.append(Output("mask", "head_mask"))
    tasks = (
        task("species", "Species", "classification", "#4C9BE8", 0.25),
        task("breed", "Breed", "classification", "#F2A541", 0.25),
        task("mask", "Pet mask", "segmentation", "#2FB98A", 0.5),
    )
    network = NetworkSpec(tuple(layers), tuple(connections), tuple(outputs))
    spec = ProjectSpec("pets", tasks=tasks, network=network)
    return replace(spec, data=replace(spec.data, image_size=64))


@dataclass
class Room:
    """The workspace in a window, with what a hand does in it."""

    window: QMainWindow
    studio: Studio
    workspace: DesignWorkspace
    said: list[str]

    @property
    def canvas(self) -> Canvas:
        return self.workspace.canvas

    @property
    def document(self) -> Document:
        return self.workspace.document

    @property
    def spec(self) -> ProjectSpec:
        return self.document.spec

    def tasks_of(self, layer_id: str) -> set[str]:
        """Who shares a layer."""
        return set(self.spec.network.layer(layer_id).tasks)

    def click(
        self, at: QPoint, held: Any = Qt.KeyboardModifier.NoModifier, button: Any = Qt.MouseButton.LeftButton
    ) -> None:
        """One click on the canvas."""
        QTest.mouseMove(self.canvas, at)
        QTest.mouseClick(self.canvas, button, held, at)

    def double_click(self, at: QPoint) -> None:
        """As a mouse does it: press, release, double press, release."""
        QTest.mouseClick(self.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        QTest.mouseDClick(self.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)

    def drag(self, start: QPoint, *way: QPoint, drop: bool = True) -> None:
        """Presses, moves through places, lets go."""
        none = Qt.KeyboardModifier.NoModifier
        QTest.mouseMove(self.canvas, start)
        QTest.mousePress(self.canvas, Qt.MouseButton.LeftButton, none, start)
        before = start
        for place in way:
            for part in (0.3, 0.7, 1.0):
                at = before + (place - before) * part
                QTest.mouseMove(self.canvas, at)
            before = place
        if drop:
            QTest.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, none, before)

    def release(self, at: QPoint) -> None:
        """Lets the button go."""
        QTest.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)

    def key(self, key: Any, held: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """One key, wherever the focus is."""
        QTest.keyClick(QApplication.focusWidget() or self.canvas, key, held)

    def type(self, text: str) -> None:
        """Some letters, wherever the focus is."""
        QTest.keyClicks(QApplication.focusWidget() or self.canvas, text)

    def card(self, layer_id: str) -> QPoint:
        """A place on a card that is nothing else."""
        rect = self.canvas.card_rect(layer_id)
        return QPoint(rect.center().x(), rect.top() + rect.height() // 3)

    def middle_of_row(self, task_id: str, share: float = 0.6) -> int:
        """A pixel a little below a row's middle."""
        band = self.canvas.scene.row(self.canvas.scene.layout.row_of[task_id])
        return round(band.y + share * band.h)


@pytest.fixture(scope="session")
def _dressed(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")


@pytest.fixture
def open_room(qtbot: Any, tmp_path: Path, _dressed: None) -> Iterator[Callable[..., Room]]:
    """Opens the workspace on a project."""
    rooms: list[Room] = []

    def opened(spec: ProjectSpec, width: int = 1280, height: int = 760) -> Room:
        studio = Studio(Settings(language="en", theme="dark"))
        said: list[str] = []
        studio.said.connect(lambda text, _kind: said.append(text))
        studio.create(tmp_path / f"project{len(rooms)}", spec)
        window = QMainWindow()
        qtbot.addWidget(window)
        actions = Actions(window, {})
        workspace = DesignWorkspace(studio, actions)
        actions.connect_handlers(workspace.handlers())
        window.setCentralWidget(workspace)
        actions.set_context("design", True)
        window.resize(width, height)
        window.show()
        workspace.restore_layout("")
        qtbot.waitExposed(window)
        window.activateWindow()
        workspace.canvas.setFocus()
        said.clear()
        rooms.append(Room(window, studio, workspace, said))
        return rooms[-1]

    yield opened
    for room in rooms:
        room.workspace.left()
        room.studio.shut_down()


@pytest.fixture
def room(open_room: Callable[..., Room], pets_spec: ProjectSpec) -> Room:
    """The workspace on the pets."""
    return open_room(pets_spec)

"""Projects of sample scenes and of folders made on the spot, and hands to work the Data workspace with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.project import ProjectData
from mtlstudio.data.propose import propose
from mtlstudio.network.templates.registry import template
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.document import Document
from mtlstudio.ui.data.workspace import DataWorkspace
from mtlstudio.ui.shell.window import MainWindow

_W = TypeVar("_W", bound=QWidget)
WAIT_MS = 60000


def scenes_spec(folder: Path, **dials: object) -> ProjectSpec:
    """24 sample scenes of 64 pixels, a fifth of the labels missing, with a network."""
    spec = propose("scenes", [], folder)
    parameters = FrozenDict({"count": 24, "size": 64, "missing": 0.2, **dials})
    spec = replace(spec, datasets=(replace(spec.datasets[0], parameters=parameters),))
    spec = replace(spec, data=replace(spec.data, image_size=32))
    return spec.with_network(template("unet").build(spec))


def class_folders(root: Path, counts: dict[str, int]) -> Path:
    """Pictures of one colour in a folder per class."""
    for number, (name, count) in enumerate(counts.items()):
        for index in range(count):
            path = root / name / f"{name} {index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.full((20 + 4 * number, 30, 3), 20 + 9 * number, np.uint8)
            Image.fromarray(pixels).save(path)
    return root


@dataclass
class Room:
    """The Data workspace in the real window, and hands to work it with."""

    qtbot: QtBot
    window: MainWindow

    @property
    def data(self) -> DataWorkspace:
        room = self.window.workspaces["data"]
        assert isinstance(room, DataWorkspace)
        return room

    @property
    def document(self) -> Document:
        assert self.window.studio.document is not None
        return self.window.studio.document

    @property
    def project(self) -> ProjectData:
        assert self.window.studio.data.data is not None
        return self.window.studio.data.data

    def settle(self) -> None:
        """Until all is read and drawn."""
        self.qtbot.waitUntil(self.data.settled, timeout=WAIT_MS)

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=WAIT_MS)

    def click(self, name: str) -> None:
        """A real click on the widget of that object name."""
        widget = self.data.findChild(QWidget, name)
        assert isinstance(widget, QWidget), name
        assert widget.isVisible(), name
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=QPoint(12, widget.height() // 2))

    def dialog(self, kind: type[_W]) -> _W:
        """The dialog of that kind, once it is open."""
        self.until(lambda: any(found.isVisible() for found in self.data.findChildren(kind)))
        return next(found for found in self.data.findChildren(kind) if found.isVisible())

    def shown(self) -> list[str]:
        """Keys in the gallery."""
        return [item.key for item in self.data.gallery.items()]

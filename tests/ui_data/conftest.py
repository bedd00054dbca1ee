"""The Data workspace in the real window, on small projects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mtlstudio.base.settings import Settings
from mtlstudio.data.project import open_data
from mtlstudio.data.propose import propose
from mtlstudio.project import files
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.studio import Studio
from mtlstudio.ui.data.records import Table, read_table
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.theme import apply_theme
from tests.ui_data.room import Room, scenes_spec


@pytest.fixture(scope="session")
def scenes_table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """The sample scenes as records."""
    folder = tmp_path_factory.mktemp("scenes")
    spec = scenes_spec(folder)
    return read_table(open_data(spec, folder), spec)


@pytest.fixture(scope="session")
def pets_table(pets: Path, tmp_path_factory: pytest.TempPathFactory) -> Table:
    """The pets as records."""
    folder = tmp_path_factory.mktemp("pets")
    spec = propose("pets", [pets], folder)
    return read_table(open_data(spec, folder), spec)


@pytest.fixture(autouse=True)
def _dark(qapp: QApplication) -> Iterator[None]:
    apply_theme(qapp, "dark")
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def open_room(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[ProjectSpec], Room]]:
    """Opens a project in the window's Data workspace."""
    studio = Studio(Settings(language="en"))
    window = MainWindow(studio)
    window.current = "data"
    window.resize(1280, 720)
    window.show()
    qtbot.waitExposed(window)

    def open_(spec: ProjectSpec) -> Room:
        folder = tmp_path / "project"
        files.create(folder, spec)
        studio.open(folder)
        room = Room(qtbot, window)
        room.settle()
        return room

    yield open_
    window.dispose()
    studio.shut_down()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def scenes(open_room: Callable[[ProjectSpec], Room], tmp_path: Path) -> Room:
    """The sample scenes in the window."""
    return open_room(scenes_spec(tmp_path / "project"))

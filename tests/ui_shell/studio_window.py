"""The whole window over a small project of the sample scenes, for tests of several rooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.settings import Settings
from mtlstudio.data.propose import propose
from mtlstudio.network.templates.registry import template
from mtlstudio.project import files
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.studio import Studio
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.theme import apply_theme


def small_project(folder: Path) -> ProjectSpec:
    """24 scenes of 48 pixels with a U-Net, written to the folder."""
    spec = propose("small", [], folder)
    scenes = replace(spec.datasets[0], parameters=FrozenDict(count=24, size=48))
    spec = replace(spec, datasets=(scenes,), data=replace(spec.data, image_size=48))
    spec = spec.with_network(template("unet").build(spec))
    files.create(folder, spec)
    return spec


@contextmanager
def window_over(qtbot: QtBot, folder: Path, workspace: str) -> Iterator[MainWindow]:
    """The window with the project of a folder open."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, "dark")
    studio = Studio(Settings(language="en"))
    window = MainWindow(studio)
    window.current = workspace
    window.show()
    qtbot.waitExposed(window)
    window.projects.open(folder)
    studio.engine.start()
    qtbot.waitUntil(lambda: studio.engine.is_ready, timeout=60000)
    qtbot.waitUntil(window.settled, timeout=60000)
    yield window
    window.dispose()
    studio.shut_down()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

"""A small project, a run made of synthetic events, and the Train workspace on both in the real window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.settings import Settings
from mtlstudio.data.propose import propose
from mtlstudio.network.templates import template
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.session.analysis import AnalysisSession
from mtlstudio.session.data import DataSession
from mtlstudio.session.studio import Studio
from mtlstudio.session.training import State
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.theme import apply_theme
from mtlstudio.ui.train.workspace import TrainWorkspace
from tests.ui_train.synthetic import TASKS


@pytest.fixture(autouse=True)
def _dark(qapp: QApplication) -> Iterator[None]:
    apply_theme(qapp, "dark")
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def spec(tmp_path: Path) -> ProjectSpec:
    """Three tasks of the sample scenes, λ 0.2, 0.3, 0.5, a shared trunk."""
    found = propose("demo", [], tmp_path / "demo")
    weights = dict(zip(TASKS, (0.2, 0.3, 0.5), strict=True))
    tasks = tuple(replace(task, loss_weight=weights[task.id]) for task in found.tasks if task.id in TASKS)
    targets = FrozenDict({task: found.datasets[0].targets[task] for task in TASKS})
    scenes = replace(found.datasets[0], parameters=FrozenDict(count=24, size=32), targets=targets)
    found = replace(found, tasks=tasks, datasets=(scenes,), data=replace(found.data, image_size=32))
    found = replace(found, training=replace(found.training, epochs=4, batch_size=8, threads=1, device="cpu"))
    return found.with_network(template("shared").build(found))


@pytest.fixture
def studio(qapp: QApplication, tmp_path: Path, spec: ProjectSpec, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """A studio with the project open; neither figures nor data are asked for, so that nothing needs torch."""
    monkeypatch.setattr(AnalysisSession, "request", lambda *_: None)
    monkeypatch.setattr(DataSession, "open", lambda *_: None)
    made = Studio(Settings())
    made.create(tmp_path / "demo", spec)
    yield made
    made.shut_down()


@pytest.fixture
def window(qtbot: QtBot, studio: Studio) -> Iterator[MainWindow]:
    """The window, Train shown."""
    made = MainWindow(studio)
    made.resize(1440, 900)
    made.show()
    qtbot.waitExposed(made)
    made.show_workspace("train")
    yield made
    made.dispose()
    made.close()
    made.deleteLater()


@pytest.fixture
def room(window: MainWindow) -> TrainWorkspace:
    """The Train workspace."""
    found = window.workspaces["train"]
    assert isinstance(found, TrainWorkspace)
    return found


@pytest.fixture
def live(studio: Studio, spec: ProjectSpec) -> Callable[[Sequence[Event]], RunFolder]:
    """Pretends that this window trains: gives events to the session as its timer would."""
    sent: list[RunFolder] = []

    def send(events: Sequence[Event]) -> RunFolder:
        session = studio.training
        document = studio.document
        assert document is not None
        if not sent:
            session.spec = document.spec
            session._thread = _NoThread()  # type: ignore[assignment]
            session._set_state(State.STARTING)
            session.run = create_run(document.folder, "live", document.spec)
            sent.append(session.run)
            session.run_changed.emit(session.run)
            session._set_state(State.RUNNING)
        session.history.extend(events)
        session._notice(list(events))
        session.events.emit(list(events))
        return sent[0]

    return send


class _NoThread:
    """Stands for the training's thread."""

    def join(self) -> None:
        """It has ended."""

"""Job scripts written by hand in the window, and runs that are followed whoever writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QFileDialog, QLineEdit, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from mtlstudio.base.files import LockOwner
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.session.studio import Studio
from mtlstudio.session.training import State
from mtlstudio.studies.jobscript import script
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.train.job_dialog import JobDialog
from mtlstudio.ui.train.workspace import TrainWorkspace
from tests.ui_train.synthetic import epoch_finished, finished, measured, started

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dialog(qtbot: QtBot, window: MainWindow, room: TrainWorkspace) -> Iterator[JobDialog]:
    """The dialog, opened from the Run menu, after a name was typed for the next run."""
    room.runs.name.clear()
    QTest.keyClicks(room.runs.name, "First try")
    window.actions_["train.job"].trigger()
    (found,) = [one for one in window.findChildren(JobDialog) if one.isVisible()]
    qtbot.waitExposed(found)
    yield found
    found.close()


def text_of(dialog: JobDialog) -> str:
    shown = dialog.findChild(QPlainTextEdit, "job-script")
    assert shown is not None
    return shown.toPlainText()


def pressed(dialog: JobDialog, name: str) -> None:
    found = dialog.findChild(QPushButton, name)
    assert found is not None and found.isEnabled()
    QTest.mouseClick(found, LEFT)


def typed(dialog: JobDialog, name: str, text: str) -> None:
    field = dialog.form.editor(name).field()
    assert isinstance(field, QLineEdit | QAbstractSpinBox)
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Tab)


def chosen(dialog: JobDialog, name: str, words: str) -> None:
    box = dialog.form.editor(name).findChild(QComboBox)
    assert box is not None
    box.setFocus()
    place = box.findText(words)
    for _ in range(abs(place - box.currentIndex())):
        QTest.keyClick(box, Qt.Key.Key_Down if place > box.currentIndex() else Qt.Key.Key_Up)
    assert place >= 0 and box.currentText() == words


def test_it_starts_with_the_project_and_the_next_run(dialog: JobDialog, studio: Studio) -> None:
    assert studio.document is not None
    assert dialog.job.run == "first_try" and dialog.job.project == str(studio.document.folder)
    assert dialog.job.device == "cpu"  # as the project trains
    assert text_of(dialog) == script(dialog.job)
    assert "RUN=first_try" in text_of(dialog) and "torchrun --standalone" in text_of(dialog)


def test_what_is_typed_is_seen_at_once_copied_and_saved(
    dialog: JobDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(dialog, "where", "SLURM cluster")
    assert "#SBATCH --nodes=2" in text_of(dialog) and "srun torchrun" in text_of(dialog)
    typed(dialog, "processes", "4")
    typed(dialog, "nodes", "3")
    assert "PROCESSES=4" in text_of(dialog) and "#SBATCH --nodes=3" in text_of(dialog)
    assert "fewer pictures than there are processes: 8" in dialog.share.text()
    typed(dialog, "nodes", "1")
    assert "takes 2 of the 8 pictures" in dialog.share.text()
    pressed(dialog, "job-copy")
    assert QGuiApplication.clipboard().text() == text_of(dialog) and dialog.said.text() == "Copied."
    path = tmp_path / "job.sh"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(path), ""))
    pressed(dialog, "job-save")
    assert path.read_text(encoding="utf-8") == text_of(dialog) and str(path) in dialog.said.text()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "no" / "job.sh"), ""))
    pressed(dialog, "job-save")
    assert "does not exist" in dialog.said.text()


def test_without_a_name_there_is_nothing_to_save(dialog: JobDialog) -> None:
    typed(dialog, "run", "")
    assert not dialog.save.isEnabled() and not dialog.copy.isEnabled() and text_of(dialog) == ""
    assert "needs a name" in dialog.share.text()
    typed(dialog, "run", "again")
    assert dialog.save.isEnabled() and "RUN=again" in text_of(dialog)


@pytest.fixture
def foreign(tmp_path: Path, spec: ProjectSpec) -> RunFolder:
    """A run of another project, that a process on another computer writes. It has the name of one here."""
    run = create_run(tmp_path / "elsewhere", "live", spec)
    owner = LockOwner(4, "another-computer", "then", "token")
    run.lock().path.write_text(json.dumps(vars(owner)), encoding="utf-8")
    return run


def write(run: RunFolder, *events: Event) -> None:
    for event in events:
        run.record(event)
    run.log.close()


def test_a_run_of_elsewhere_is_followed_until_its_end(
    qtbot: QtBot, studio: Studio, window: MainWindow, room: TrainWorkspace, foreign: RunFolder, spec: ProjectSpec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert studio.document is not None
    own = create_run(studio.document.folder, "live", spec)
    write(foreign, started(spec), measured(spec, 1, 20))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(foreign.path))
    window.show_workspace("design")
    window.actions_["train.follow"].trigger()
    assert room.isVisible()
    qtbot.waitUntil(lambda: room.series is not None and room.series.last_step == 20)
    assert studio.training.state == State.FOLLOWING and any("Followed" in text for text in room.status())
    qtbot.waitUntil(lambda: room.runs.status(foreign) == "running")
    assert room.runs.combo.currentText().startswith("live") and room.runs.combo.currentData() == str(foreign.path)
    assert str(own.path) in [room.runs.combo.itemData(place) for place in range(room.runs.combo.count())]
    write(foreign, epoch_finished(spec, 1), measured(spec, 21, 20))
    qtbot.waitUntil(lambda: room.series is not None and room.series.last_step == 40)
    write(foreign, finished(spec, 2))
    foreign.update(status="finished")
    qtbot.waitUntil(lambda: studio.training.state == State.IDLE)
    qtbot.waitUntil(lambda: room.runs.status(foreign) == "finished")
    assert studio.training.would_inherit(spec) is None  # it is none of this project's


@pytest.mark.parametrize("what", ["project", "nothing"])
def test_a_folder_without_a_run_is_refused_in_words(
    studio: Studio, window: MainWindow, foreign: RunFolder, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    studio.said.connect(lambda text, *_: said.append(text))
    folder = foreign.project_folder if what == "project" else tmp_path
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(folder))
    before = studio.training.run
    window.actions_["train.follow"].trigger()
    assert len(said) == 1 and ("choose one of its runs" in said[0] if what == "project" else "run.json" in said[0])
    assert studio.training.run is before

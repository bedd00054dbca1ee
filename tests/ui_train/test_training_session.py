"""The session behind the Train workspace: long logs, damaged runs, a stop before anything began."""

from __future__ import annotations

import threading

import pytest
from pytestqt.qtbot import QtBot

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event
from mtlstudio.runs.folder import create_run
from mtlstudio.session import training
from mtlstudio.session.studio import Studio
from mtlstudio.session.training import State
from tests.ui_train.synthetic import finished, measured, record, started, whole_run


def test_a_long_log_comes_in_portions_and_in_order(
    qtbot: QtBot, studio: Studio, spec: ProjectSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "PORTION", 10)
    document = studio.document
    assert document is not None
    run = create_run(document.folder, "long", spec)
    events: list[Event] = [started(spec), *(measured(spec, first, 2) for first in range(1, 80, 2)), finished(spec, 4)]
    record(run, events, "finished")
    portions: list[list[Event]] = []
    studio.training.events.connect(portions.append)
    studio.training.show(run)
    assert not portions, "the window does not wait for the log"
    qtbot.waitUntil(lambda: not studio.training.is_reading, timeout=5000)
    assert [event for portion in portions for event in portion] == studio.training.history == events
    assert max(map(len, portions)) == 10
    assert studio.training.state == State.IDLE


def test_another_run_chosen_meanwhile_wins(qtbot: QtBot, studio: Studio, spec: ProjectSpec) -> None:
    document = studio.document
    assert document is not None
    runs = []
    for number, name in enumerate(("one", "two"), 1):
        run = create_run(document.folder, name, spec)
        record(run, whole_run(spec, number), "stopped")
        runs.append(run)
    studio.training.show(runs[0])
    studio.training.show(runs[1])
    qtbot.waitUntil(lambda: not studio.training.is_reading, timeout=5000)
    assert studio.training.history == whole_run(spec, 2)


def test_a_damaged_run_is_refused_and_nothing_changes(studio: Studio, spec: ProjectSpec) -> None:
    document = studio.document
    assert document is not None
    good, bad = (create_run(document.folder, name, spec) for name in ("good", "bad"))
    studio.training.show(good)
    (bad.path / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(StudioError):
        studio.training.show(bad)
    assert studio.training.run is good


def test_a_stop_before_the_trainer_has_begun_is_not_lost(
    qtbot: QtBot, studio: Studio, spec: ProjectSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = studio.document
    assert document is not None
    go_on, seen = threading.Event(), []

    class Slow:
        def __init__(self, *arguments: object, **_options: object) -> None:
            self.control = arguments[3]

        def run(self) -> list[Event]:
            go_on.wait(5)
            seen.append(self.control.stopped)  # type: ignore[attr-defined]
            return []

    import mtlstudio.training.trainer

    monkeypatch.setattr(mtlstudio.training.trainer, "Trainer", Slow)
    studio.training.start(spec, document.folder)
    studio.training.stop()
    go_on.set()
    qtbot.waitUntil(lambda: not studio.training.is_training, timeout=5000)
    assert seen == [True] and studio.training.state == State.IDLE


def test_a_name_that_is_taken_is_told(qtbot: QtBot, studio: Studio, spec: ProjectSpec) -> None:
    document = studio.document
    assert document is not None
    create_run(document.folder, "mine", spec)
    said: list[str] = []
    studio.training.failed.connect(said.append)
    studio.training.start(spec, document.folder, "mine")
    qtbot.waitUntil(lambda: not studio.training.is_training, timeout=20000)
    assert len(said) == 1 and "mine" in said[0]

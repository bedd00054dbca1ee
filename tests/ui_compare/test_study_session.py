"""Studies from the window: one thing at a time on the machine, and what waits is offered again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from mtlstudio.base.errors import StudioError
from mtlstudio.base.settings import Settings
from mtlstudio.project import files
from mtlstudio.runs.folder import create_run, runs_of
from mtlstudio.session.studies import StudyState
from mtlstudio.session.studio import Studio
from mtlstudio.studies.folder import create_study, studies_of
from mtlstudio.studies.plan import several_seeds
from mtlstudio.studies.queue import enqueue, queued
from tests.training.small import project


@pytest.fixture
def studio(qtbot: QtBot, tmp_path: Path) -> Iterator[Studio]:
    made = Studio(Settings(language="en"))
    folder = tmp_path / "p"
    files.create(folder, project(epochs=2))
    made.open(folder)
    yield made
    made.shut_down()


def folder_of(studio: Studio) -> Path:
    assert studio.document is not None
    return studio.document.folder


def plan(studio: Studio, seeds: int, **training: object) -> None:
    spec, folder = project(**{"epochs": 2, **training}), folder_of(studio)
    studio.studies.add(folder, lambda: several_seeds(spec, folder, seeds))


def wait_idle(qtbot: QtBot, studio: Studio) -> None:
    qtbot.waitUntil(lambda: not studio.studies.is_planning, timeout=30000)
    qtbot.waitUntil(lambda: studio.studies.state == StudyState.IDLE, timeout=60000)


def test_a_planned_study_begins_at_once_runs_to_its_end_and_is_shown_in_train(qtbot: QtBot, studio: Studio) -> None:
    ended: list[tuple[str, str]] = []
    shown: list[str] = []
    shares: list[float] = []
    studio.studies.ended.connect(lambda study, status: ended.append((study.id, status)))
    studio.studies.progressed.connect(lambda progress: shares.append(progress.share))
    studio.training.run_changed.connect(lambda run: shown.append(run.id if run else ""))
    plan(studio, 2)
    wait_idle(qtbot, studio)
    assert ended == [("seeds-001", "finished")]
    assert [name for name in shown if name] == ["seeds_001_s0", "seeds_001_s1"]
    assert shares[-1] == 1.0 and shares == sorted(shares)
    qtbot.waitUntil(lambda: any(event.kind == "run_finished" for event in studio.training.history), timeout=10000)
    assert queued(folder_of(studio)) == []


def test_train_keeps_the_run_that_the_user_looks_at(qtbot: QtBot, studio: Studio) -> None:
    folder = folder_of(studio)
    own = create_run(folder, "looked at", project())
    own.update(status="finished")
    plan(studio, 2, epochs=20)
    qtbot.waitUntil(lambda: bool(studio.studies.progress and studio.studies.progress.epoch >= 1), timeout=30000)
    studio.training.show(own)
    wait_idle(qtbot, studio)
    assert studio.training.run is not None and studio.training.run.id == own.id
    assert len(runs_of(folder)) == 3


def test_no_training_begins_beside_a_study_and_no_study_beside_a_training(qtbot: QtBot, studio: Studio) -> None:
    folder = folder_of(studio)
    plan(studio, 1, epochs=4000)
    qtbot.waitUntil(lambda: studio.studies.is_working, timeout=30000)
    with pytest.raises(StudioError, match="a study is under way"):
        studio.training.start(project(), folder)
    with pytest.raises(StudioError, match="a study is under way"):
        studio.studies.start_queue(folder)
    studio.studies.stop()
    wait_idle(qtbot, studio)
    studio.training.start(project(epochs=4000), folder)
    with pytest.raises(StudioError, match="a training is under way"):
        studio.studies.start_queue(folder)
    said: list[str] = []
    studio.studies.said.connect(lambda text, _kind: said.append(text))
    plan(studio, 2)
    qtbot.waitUntil(lambda: bool(said), timeout=30000)
    assert "waits in the queue" in said[0] and not studio.studies.is_working
    assert [one.id for one in queued(folder)] == ["seeds-001", "seeds-002"]


def test_a_stopped_study_goes_on_where_it_was_and_nothing_is_trained_twice(qtbot: QtBot, studio: Studio) -> None:
    folder = folder_of(studio)
    plan(studio, 2, epochs=30)
    qtbot.waitUntil(lambda: bool(studio.studies.progress and studio.studies.progress.epoch >= 1), timeout=30000)
    studio.studies.stop()
    wait_idle(qtbot, studio)
    study = studies_of(folder)[0]
    assert study.status() == "stopped" and [one.id for one in queued(folder)] == [study.id]
    studio.studies.start_queue(folder)
    wait_idle(qtbot, studio)
    assert study.status() == "finished" and len(runs_of(folder)) == 2
    said: list[str] = []
    studio.studies.said.connect(lambda text, _kind: said.append(text))
    plan(studio, 2, epochs=30)
    qtbot.waitUntil(lambda: bool(said), timeout=30000)
    assert "done already" in said[0] and len(studies_of(folder)) == 1


def test_a_paused_study_stands_still(qtbot: QtBot, studio: Studio) -> None:
    plan(studio, 1, epochs=4000)
    qtbot.waitUntil(lambda: bool(studio.studies.progress and studio.studies.progress.epoch >= 1), timeout=30000)
    studio.studies.pause()
    qtbot.waitUntil(lambda: studio.studies.state == StudyState.PAUSED, timeout=10000)
    before = studio.studies.progress
    qtbot.wait(200)
    assert studio.studies.progress == before
    studio.studies.pause()
    qtbot.waitUntil(lambda: studio.studies.state == StudyState.RUNNING, timeout=10000)


def test_closing_the_project_stops_the_study_and_leaves_it_in_the_queue(qtbot: QtBot, studio: Studio) -> None:
    folder = folder_of(studio)
    plan(studio, 1, epochs=4000)
    qtbot.waitUntil(lambda: bool(studio.studies.progress and studio.studies.progress.epoch >= 1), timeout=30000)
    studio.close_document()
    assert not studio.studies.is_working
    assert [(one.id, one.status()) for one in queued(folder)] == [("seeds-001", "stopped")]


def test_a_study_whose_data_has_changed_is_told_and_the_next_one_goes_on(qtbot: QtBot, studio: Studio) -> None:
    folder = folder_of(studio)
    spec = project(epochs=1)
    for study in (replace(several_seeds(spec, folder, 1), fingerprint="other"), several_seeds(spec, folder, 2)):
        enqueue(create_study(folder, study))
    failed: list[str] = []
    studio.studies.failed.connect(failed.append)
    studio.studies.start_queue(folder)
    wait_idle(qtbot, studio)
    assert len(failed) == 1 and "the data has changed" in failed[0]
    assert [study.status() for study in studies_of(folder)] == ["waiting", "finished"]

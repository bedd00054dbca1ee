"""A study is worked through once: what is done stays, what was broken off goes on, what fails does not stop the rest."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.spec import Connection
from mtlstudio.runs.events import EpochFinished, RunStarted
from mtlstudio.runs.folder import runs_of
from mtlstudio.studies.events import MemberFailed, MemberFinished, MemberStarted, StudyFinished, StudyStarted
from mtlstudio.studies.folder import StudyFolder, create_study, same_study, studies_of
from mtlstudio.studies.plan import baselines, member_spec, several_seeds
from mtlstudio.studies.queue import dequeue, enqueue, queued
from mtlstudio.studies.runner import StudyRunner
from mtlstudio.training.control import Control
from tests.training.small import losses, of_kind, project, trained

PROGRAM = """
import sys
from pathlib import Path
from mtlstudio.studies.events import MemberStarted
from mtlstudio.studies.folder import StudyFolder
from mtlstudio.studies.runner import StudyRunner
import torch
torch.set_num_threads(1)
for event in StudyRunner(StudyFolder(Path(sys.argv[1]))).run():
    print(type(event).__name__, getattr(event, "member", ""), getattr(event, "step", ""), flush=True)
"""


def worked(study: StudyFolder, control: Control | None = None) -> list[object]:
    return list(StudyRunner(study, control).run())


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_finished_study_names_its_runs_and_measured_both_splits(finished: StudyFolder) -> None:
    study = finished.study()
    for state in finished.states():
        assert state.run is not None
        told = state.run.info().study
        assert (told["id"], told["member"], told["role"]) == (finished.id, state.member.id, state.member.role)
        assert told["fingerprint"] == study.fingerprint
        assert state.run.info().seed == state.member.seed
        assert state.measured == {"val", "test"}
    shared, alone = (
        next(s.run for s in finished.states() if s.member.role == role) for role in ("shared", "alone:mask")
    )
    assert shared is not None and alone is not None
    assert shared.info().fingerprint == study.fingerprint
    assert alone.info().is_baseline and not shared.info().is_baseline


def test_the_shared_member_is_the_ordinary_training(finished: StudyFolder, tmp_path: Path) -> None:
    own = trained(tmp_path, project(count=60, epochs=1, missing=0.2))
    shared = next(state.run for state in finished.states() if state.member.id == "shared_s0")
    assert shared is not None
    assert losses(shared) == losses(own)


def test_a_study_that_is_done_trains_nothing(copied: StudyFolder) -> None:
    before = contents(copied.project_folder / "runs")
    events = worked(copied)
    assert isinstance(events[0], StudyStarted) and events[0].done == 8
    assert [type(event) for event in events] == [StudyStarted, StudyFinished]
    assert contents(copied.project_folder / "runs") == before
    assert same_study(copied.project_folder, copied.study()) is not None


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
def test_a_killed_study_goes_on_where_it_was(tmp_path: Path, root: Path) -> None:
    spec = project(epochs=12, checkpoint_steps=2)
    study = create_study(tmp_path, baselines(spec, tmp_path, 1))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(study.path)], cwd=root, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    under_way = False
    for line in process.stdout:
        under_way = under_way or line.startswith("MemberStarted alone_largest")
        if under_way and line.startswith("EpochFinished"):
            break
    process.kill()
    process.wait()
    assert study.status() == "interrupted"
    assert [folder.id for folder in queued(tmp_path)] == [study.id], "offered again after a restart"
    states = {state.member.id: state for state in study.states()}
    assert states["shared_s0"].status == "finished" and states["alone_largest_s0"].status == "interrupted"
    done = states["shared_s0"].run
    assert done is not None
    before = contents(done.path) | contents(study.path / "measured")

    events = worked(study)
    started = of_kind(events, MemberStarted)
    assert [(event.member, event.resumed) for event in started] == [
        ("alone_largest_s0", True), ("alone_mask_s0", False), ("alone_count_s0", False),
    ]  # fmt: skip
    assert study.status() == "finished" and queued(tmp_path) == []
    assert {name: content for name, content in contents(tmp_path).items() if name in before} == before
    resumed = states["alone_largest_s0"].run
    assert resumed is not None
    plan = study.study()
    unbroken = trained(tmp_path / "other", member_spec(plan, plan.member("alone_largest_s0")))
    assert losses(resumed) == losses(unbroken)


def test_a_stopped_study_goes_on_and_measures_what_is_not_measured(tmp_path: Path) -> None:
    study = create_study(tmp_path, several_seeds(project(epochs=2), tmp_path, 2))
    control = Control()
    for event in StudyRunner(study, control).run():
        if isinstance(event, EpochFinished):
            control.stop()
    assert isinstance(event, StudyFinished) and event.status == "stopped"
    assert study.status() == "stopped"
    assert [state.status for state in study.states()] == ["stopped", "waiting"]
    events = worked(study)
    assert [event.resumed for event in of_kind(events, MemberStarted)] == [True, False]
    assert study.status() == "finished"
    assert len(of_kind(events, RunStarted)) == 2
    (study.path / "measured" / "s1.val.json").unlink()
    again = worked(study)
    assert of_kind(again, MemberStarted) == [] and len(of_kind(again, MemberFinished)) == 1


def test_a_failing_member_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    spec = project(epochs=1)
    data = replace(spec.datasets[0], targets=FrozenDict(largest="largest", count="count"))  # nothing for the mask
    spec = replace(spec, datasets=(data,))
    study = create_study(tmp_path, baselines(spec, tmp_path, 1))
    events = worked(study)
    (failed,) = of_kind(events, MemberFailed)
    assert failed.label == "alone:mask" and "no training picture has a target" in failed.reason
    assert isinstance(events[-1], StudyFinished)
    assert (events[-1].status, events[-1].failures) == ("failed", 1)
    assert {s.member.id: s.status for s in study.states()} == {
        "shared_s0": "finished", "alone_largest_s0": "finished", "alone_mask_s0": "failed", "alone_count_s0": "finished",
    }  # fmt: skip
    assert queued(tmp_path) == [], "it is not offered again by itself"


def test_a_member_that_cannot_even_be_made_is_named_too(tmp_path: Path) -> None:
    spec = project(epochs=1)
    wires = (*spec.network.connections, Connection("mask_head", "count_head"))
    study = create_study(
        tmp_path, several_seeds(spec.with_network(replace(spec.network, connections=wires)), tmp_path, 1)
    )
    (failed,) = of_kind(worked(study), MemberFailed)
    assert failed.reason
    assert study.states()[0].failure == failed.reason


def test_changed_data_ends_a_study_before_it_mixes_what_cannot_be_compared(tmp_path: Path) -> None:
    plan = several_seeds(project(epochs=1), tmp_path, 1)
    study = create_study(tmp_path, replace(plan, fingerprint="of other data"))
    with pytest.raises(StudioError, match="the data has changed"):
        worked(study)
    assert runs_of(tmp_path) == []


def test_two_cannot_work_on_one_study(tmp_path: Path) -> None:
    study = create_study(tmp_path, several_seeds(project(epochs=1), tmp_path, 1))
    with study.lock(), pytest.raises(StudioError, match="in use"):
        worked(study)


def test_the_queue_keeps_its_order_on_disk_and_forgets_what_is_gone(tmp_path: Path) -> None:
    plan = several_seeds(project(epochs=1), tmp_path, 1)
    first, second, third = (create_study(tmp_path, plan) for _ in range(3))
    assert [folder.id for folder in (first, second, third)] == ["seeds-001", "seeds-002", "seeds-003"]
    for folder in (first, second, third):
        enqueue(folder)
    enqueue(third, 0)
    assert [folder.id for folder in queued(tmp_path)] == [third.id, first.id, second.id]
    first.update(status="finished")
    assert [folder.id for folder in queued(tmp_path)] == [third.id, second.id]
    dequeue(third)
    assert [folder.id for folder in queued(tmp_path)] == [second.id, third.id], "it can still go on: it comes last"
    (tmp_path / "studies" / "queue.json").write_text("{]")
    assert {folder.id for folder in queued(tmp_path)} == {second.id, third.id}


def test_folders_that_hold_no_study_are_left_out(tmp_path: Path) -> None:
    study = create_study(tmp_path, several_seeds(project(), tmp_path, 1))
    (tmp_path / "studies" / "odd").mkdir()
    assert [folder.id for folder in studies_of(tmp_path)] == [study.id]
    (study.path / "study.json").write_text("{", encoding="utf-8")
    assert studies_of(tmp_path) == []


def test_a_run_of_the_same_name_by_hand_does_not_become_a_member(tmp_path: Path) -> None:
    study = create_study(tmp_path, several_seeds(project(epochs=1), tmp_path, 1))
    own = trained(tmp_path, project(epochs=1), f"{study.id} s0")
    (failed,) = of_kind(worked(study), MemberFailed)
    assert "already" in failed.reason
    assert study.states()[0].run is None and study.status() == "failed"
    shutil.rmtree(own.path)
    assert of_kind(worked(study), MemberFailed) == []
    assert study.status() == "finished" and study.states()[0].failure == "", (
        "asked again, a failed member is tried again"
    )

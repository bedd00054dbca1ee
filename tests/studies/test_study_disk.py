"""Studies on a disk that is full or may not be written, and studies that two want to work on: told, and gone on with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.cli.main import main
from mtlstudio.project import files
from mtlstudio.runs.folder import create_run
from mtlstudio.studies.events import MemberFailed, StudyFinished
from mtlstudio.studies.folder import StudyFolder, create_study
from mtlstudio.studies.plan import several_seeds
from mtlstudio.studies.queue import enqueue, queued
from mtlstudio.studies.runner import StudyRunner
from mtlstudio.training.trainer import Trainer
from tests.refusing import FULL, READ_ONLY, refusing
from tests.training.small import project

SPEC = project(epochs=1)


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    return create_study(tmp_path, several_seeds(SPEC, tmp_path, 2))


def finish(study: StudyFolder) -> None:
    for _ in StudyRunner(study).run():
        pass
    assert study.status() == "finished" and all(state.trained and not state.failure for state in study.states())


@pytest.mark.parametrize("number", [FULL, READ_ONLY], ids=["full", "read-only"])
@pytest.mark.parametrize(
    "place", [".study.lock", "study.json", "measured", "s0.val.npz", "s1.test.json", "training.pt"]
)
def test_a_refused_write_is_told_and_the_study_goes_on_later(study: StudyFolder, place: str, number: int) -> None:
    """Once: what was written before stays, the other members are worked on where the study can still say so."""
    once = iter((True,))

    def wanted(_number: int, path: Path) -> bool:
        return place.strip(".") in path.name.strip(".") and next(once, False)

    told: list[str] = []
    with refusing(study.project_folder, number, wanted) as seen:
        try:
            for event in StudyRunner(study).run():
                if isinstance(event, MemberFailed):
                    told.append(event.reason)
                if isinstance(event, StudyFinished):
                    assert event.failures == len(told)
        except StudioError as error:
            told.append(error.text())
    assert len(seen.refused) == 1 and len(told) == 1, (seen.refused, told)
    assert "disk is full" in told[0] if number == FULL else ("ermission" in told[0] or "ead-only" in told[0])
    assert str(study.project_folder) in told[0]
    finish(study)


def test_a_queue_that_cannot_be_written_loses_no_study(study: StudyFolder) -> None:
    with refusing(study.project_folder, FULL), pytest.raises(StudioError, match="full"):
        enqueue(study)
    assert [folder.id for folder in queued(study.project_folder)] == [study.id]
    enqueue(study)


def test_no_half_study_and_no_half_run_is_left_where_they_cannot_be_made(tmp_path: Path) -> None:
    for name in ("study.json", "run.json"):
        with (
            refusing(tmp_path, FULL, lambda _number, path, name=name: name in path.name),
            pytest.raises(StudioError, match="full"),
        ):
            if name == "study.json":
                create_study(tmp_path, several_seeds(SPEC, tmp_path, 2))
            else:
                create_run(tmp_path, None, SPEC)
    assert [*(tmp_path / "studies").iterdir(), *(tmp_path / "runs").iterdir()] == []
    assert create_run(tmp_path, None, SPEC).id == "run-001"


HOLD = """
import sys
from pathlib import Path
from mtlstudio.runs.folder import RunFolder
from mtlstudio.studies.folder import StudyFolder
path = Path(sys.argv[1])
lock = (StudyFolder if path.parent.name == "studies" else RunFolder)(path).lock()
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held() -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def hold(path: Path, held: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    """Another process works on a run or study."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    held.append(process)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_what_another_process_works_on_is_left_alone_until_that_is_dead(
    study: StudyFolder, held: list[subprocess.Popen[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = study.project_folder
    files.save(folder, SPEC)
    other = hold(study.path, held)
    study.update(status="running")
    assert study.status() == "running" and queued(folder) == []
    assert main(["sweep", str(folder), "--resume", study.id]) == 1
    err = capsys.readouterr().err
    assert f"in use by process {other.pid}" in err and study.id in err and err.count("\n") == 1
    other.kill()
    other.wait()
    assert study.status() == "interrupted" and [one.id for one in queued(folder)] == [study.id]
    assert main(["sweep", str(folder), "--resume", study.id, "--json"]) == 0
    assert study.status() == "finished"


def test_a_run_that_another_process_trains_is_not_touched(
    tmp_path: Path, held: list[subprocess.Popen[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    files.save(tmp_path, SPEC)
    run = create_run(tmp_path, "run", SPEC)
    list(Trainer(SPEC, tmp_path, run).run())
    other = hold(run.path, held)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    assert main(["train", str(tmp_path), "--resume", "run", "--epochs", "2"]) == 1
    err = capsys.readouterr().err
    assert f"in use by process {other.pid}" in err and err.count("\n") == 1
    assert before == {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    other.kill()
    other.wait()
    assert main(["train", str(tmp_path), "--resume", "run", "--epochs", "2", "--json"]) == 0

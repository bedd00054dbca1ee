"""Run folders that somebody edited: what is wrong is named, with its file, and everything else goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.runs.events import EpochFinished, RunFinished, RunStarted
from mtlstudio.runs.folder import RunFolder, create_run, find_run, runs_of
from tests.training.small import project


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    create_run(tmp_path, "before", project())
    made = create_run(tmp_path, "edited", project())
    create_run(tmp_path, "after", project())
    return made


def edit(run: RunFolder, **changes: Any) -> None:
    """Changes fields; None takes them away."""
    path = run.path / "run.json"
    values = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(json.dumps({name: value for name, value in values.items() if value is not None}), encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"epochs": "three"}, "epochs must be a whole number, not \"three\""),
        ({"epochs": 2.5}, "epochs must be a whole number, not 2.5"),
        ({"name": 7}, "name must be a text, not 7"),
        ({"name": None}, "name must be a text, not null"),
        ({"created": 5}, "created must be a text, not 5"),
        ({"seed": True}, "seed must be a whole number, not true"),
        ({"versions": []}, "versions must be an object in braces, not []"),
        ({"study": "baselines"}, "study must be an object in braces, not \"baselines\""),
        ({"fingerprint": ["a"]}, "fingerprint must be a text, not [\"a\"]"),
        ({"project": [1]}, "project must be an object in braces, not [1]"),
        ({"version": 99}, "newer version"),
        ({"format": "else"}, "not the file of a run"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_the_other_runs_are_there(
    run: RunFolder, changes: dict[str, Any], told: str
) -> None:
    edit(run, **changes)
    with pytest.raises(StudioError) as caught:
        run.info()
    assert told in caught.value.text() and "run.json" in caught.value.where
    faults: list[StudioError] = []
    assert [other.id for other in runs_of(run.project_folder, faults)] == ["before", "after"]
    assert [fault.text() for fault in faults] == [caught.value.text()]
    with pytest.raises(StudioError) as asked:
        find_run(run.project_folder, "edited")
    assert asked.value.text() == caught.value.text(), "asked for by name, it tells what is wrong instead of hiding"
    assert find_run(run.project_folder, "after").id == "after"
    assert create_run(run.project_folder, "another", project()).id == "another"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"format": NaN}', b"[" * 100_000])
def test_a_damaged_file_is_named(run: RunFolder, content: bytes) -> None:
    (run.path / "run.json").write_bytes(content)
    with pytest.raises(StudioError) as caught:
        find_run(run.project_folder, "edited").info()
    assert caught.value.where.endswith("run.json")
    assert [other.id for other in runs_of(run.project_folder)] == ["before", "after"]


def test_folders_that_are_no_runs_are_passed_over_without_a_word(run: RunFolder) -> None:
    (run.path.parent / "notes").mkdir()
    (run.path.parent / "file.txt").write_text("mine")
    faults: list[StudioError] = []
    assert len(runs_of(run.project_folder, faults)) == 3 and faults == []


def _line(event: Any) -> bytes:
    from mtlstudio.runs.events import to_json

    return json.dumps(to_json(event)).encode() + b"\n"


def started(run: RunFolder) -> RunStarted:
    return RunStarted(1.0, run.id, 0, 0, 3, 4, "cpu", 1, "fp32", ("mask",), 10)


def epoch(number: int) -> EpochFinished:
    return EpochFinished(
        time=float(number), step=4 * number, epoch=number, epochs=3, train_losses={"mask": 1.0}, val_losses={"mask": 1.0},
        metrics={"mask": {"mean_iou": 0.1 * number}}, score=1.0, best=True, best_tasks=("mask",), seconds=1.0, eta=2.0,
    )  # fmt: skip


RUBBISH: dict[str, bytes] = {
    "text": b"hello\n",
    "an empty line": b"\n",
    "another type": b"[1, 2]\n",
    "no number": b'{"kind": "epoch_finished", "time": NaN}\n',
    "bytes": b"\xff\xfe\x00\n",
    "nested deeply": b"[" * 50_000 + b"\n",
    "a kind that is a list": b'{"kind": ["epoch_finished"]}\n',
    "a missing field": b'{"kind": "epoch_finished", "time": 1.0}\n',
    "a metric that is a list": _line(epoch(2)).replace(b'{"mean_iou": 0.2}', b"[1]"),
    "losses that are a number": _line(epoch(2)).replace(b'"val_losses": {"mask": 1.0}', b'"val_losses": 3'),
    "a loss that is a text": _line(epoch(2)).replace(b'"val_losses": {"mask": 1.0}', b'"val_losses": {"mask": "low"}'),
    "an epoch that is a text": _line(epoch(2)).replace(b'"epoch": 2', b'"epoch": "two"'),
    "a time that is a text": _line(epoch(2)).replace(b'"time": 2.0', b'"time": "noon"'),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_in_the_log_is_counted_and_passed_over(run: RunFolder, name: str) -> None:
    finished = RunFinished(9.0, 12, 3, "done", 5.0)
    lines = [_line(started(run)), _line(epoch(1)), RUBBISH[name], _line(epoch(3)), _line(finished), b'{"kind": "torn']
    run.log.path.write_bytes(b"".join(lines))
    assert [event.kind for event in run.events()] == ["run_started", "epoch_finished", "epoch_finished", "run_finished"]
    found = run.summary()
    assert found.unread == 1 and (found.epochs, found.best_epoch, found.seconds) == (3, 3, 5.0)
    assert found.metrics == {"mask": {"mean_iou": pytest.approx(0.3)}}
    assert len(run.follow().poll()) == 4


def test_events_of_a_later_version_are_no_rubbish(run: RunFolder) -> None:
    run.log.path.write_bytes(_line(started(run)) + b'{"kind": "moon_landing", "time": 1.0}\n')
    assert run.summary().unread == 0 and len(list(run.events())) == 1


def test_a_clock_that_is_set_back_leaves_the_newest_run_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime, timedelta

    from mtlstudio.runs import folder

    class Clock(datetime):
        moved = timedelta()

        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(UTC) + cls.moved

    monkeypatch.setattr(folder, "datetime", Clock)
    made = []
    for days in (0, 400, -400, 30, -3000):  # the battery was empty, summer time, a wrong year
        Clock.moved = timedelta(days=days)
        made.append(create_run(tmp_path, None, project()).id)
    assert [run.id for run in runs_of(tmp_path)] == made
    older = tmp_path / "runs" / made[0] / "run.json"
    values = json.loads(older.read_text())
    del values["number"]  # as earlier versions wrote it
    older.write_text(json.dumps(values))
    assert [run.id for run in runs_of(tmp_path)] == made


def test_two_that_make_a_run_at_the_same_moment_get_two_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at what is taken and the making of the folder another process is quicker, twice."""
    real, quicker = Path.mkdir, iter((True, True))

    def mkdir(self: Path, *args: Any, **kwargs: Any) -> None:
        if self.parent.name == "runs" and next(quicker, False):
            real(self)
        real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    made = create_run(tmp_path, None, project())
    assert made.id == "run-003" and made.info().name == "run-003"
    named = create_run(tmp_path, "mine", project())
    assert named.id == "mine"


@pytest.mark.parametrize("spoil", [shutil.rmtree, lambda path: (shutil.rmtree(path), path.write_text(""))])
def test_a_place_for_runs_that_is_none(tmp_path: Path, spoil: Callable[[Path], Any]) -> None:
    create_run(tmp_path, None, project())
    spoil(tmp_path / "runs")
    assert runs_of(tmp_path) == []
    if (tmp_path / "runs").is_file():
        with pytest.raises(StudioError) as caught:
            create_run(tmp_path, None, project())
        assert caught.value.where == str(tmp_path / "runs")
    else:
        assert create_run(tmp_path, None, project()).id == "run-001"

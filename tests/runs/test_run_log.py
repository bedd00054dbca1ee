"""The log of a run: whole lines, torn lines, cuts, followers."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from mtlstudio.runs.events import EpochFinished, Noted, Paused, RunStarted, StepsMeasured, from_json, to_json
from mtlstudio.runs.log import Follower, LogWriter, read_events


def paused(step: int) -> Paused:
    return Paused(time=1.5, step=step)


@pytest.fixture
def log(tmp_path: Path) -> LogWriter:
    return LogWriter(tmp_path / "metrics.jsonl")


def steps(path: Path) -> list[int]:
    return [event.step for event in read_events(path) if isinstance(event, Paused)]


def test_what_is_written_is_read(log: LogWriter) -> None:
    written = [
        RunStarted(1.0, "first", 0, 0, 3, 4, "cpu", 2, "fp32", ("a", "宠物"), 10),
        StepsMeasured(2.0, 2, 0, {"a": (0.1, None), "宠物": (1e-30, 3.5)}, (1.0, 2.0), {"a": 1.0}, 0.1, 0.2),
        EpochFinished(3.0, 4, 1, 3, {"a": 0.1}, {"a": None}, {"a": {"accuracy": 0.5}}, 1.0, True, ("a",), 1.0, 2.0),
        Noted(4.0, "some_code", {"n": 3}),
    ]
    for event in written:
        log.write(event)
    assert list(read_events(log.path)) == written


def test_losses_survive_to_the_last_digit(log: LogWriter) -> None:
    values = (0.1 + 0.2, 1 / 3, 6.02e-23)
    log.write(StepsMeasured(2.0, 3, 0, {"a": values}, values, {}, 0.1, 0.2))
    (event,) = read_events(log.path)
    assert isinstance(event, StepsMeasured) and event.losses["a"] == values


def test_numbers_that_are_not_finite_become_null(log: LogWriter) -> None:
    log.write(StepsMeasured(2.0, 1, 0, {"a": (float("nan"),)}, (float("inf"),), {}, 0.1, 0.2))
    line = log.path.read_text()
    assert "NaN" not in line and "Infinity" not in line and json.loads(line)["total"] == [None]


def test_a_torn_last_line_is_left_out_at_every_length(log: LogWriter) -> None:
    log.write(paused(1))
    whole = log.size()
    log.write(paused(2))
    log.close()
    content = log.path.read_bytes()
    for length in range(whole, len(content)):
        log.path.write_bytes(content[:length])
        assert steps(log.path) == [1]
        assert [event.step for event in Follower(log.path).poll()] == [1]
    log.path.write_bytes(content)
    assert steps(log.path) == [1, 2]


def test_damaged_and_unknown_lines_are_left_out(log: LogWriter) -> None:
    log.write(paused(1))
    log.close()
    with log.path.open("ab") as file:
        file.write(b'{"kind": "from_the_future", "time": 1}\n[1]\nnonsense\n\xff\xfe\n{"kind": "paused"}\n')
    log.write(paused(2))
    assert steps(log.path) == [1, 2]


def test_kinds_can_be_skipped(log: LogWriter) -> None:
    log.write(paused(1))
    log.write(Noted(1.0, "code"))
    assert [event.kind for event in read_events(log.path, skip=("paused",))] == ["noted"]


def test_no_log_has_no_events(tmp_path: Path) -> None:
    assert list(read_events(tmp_path / "none")) == [] and Follower(tmp_path / "none").poll() == []


def test_a_line_that_does_not_fit_on_the_disk_leaves_nothing_behind(
    log: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write(paused(1))
    size = log.size()

    class Full:
        """A file that takes a few bytes and then reports a full disk."""

        def __init__(self, path: Path) -> None:
            self.file = path.open("ab", buffering=0)
            self.tell, self.close = self.file.tell, self.file.close
            self.file.seek(0, os.SEEK_END)

        def write(self, content: bytes) -> int:
            self.file.write(content[:7])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(log, "_file", Full(log.path))
    with pytest.raises(OSError):
        log.write(paused(2))
    assert log.path.stat().st_size == size
    log.write(paused(3))
    assert steps(log.path) == [1, 3]


def test_a_cut_drops_what_came_after(log: LogWriter) -> None:
    log.write(paused(1))
    size = log.size()
    log.write(paused(2))
    log.cut(size)
    log.write(paused(3))
    assert steps(log.path) == [1, 3] and log.size() == log.path.stat().st_size


def test_a_follower_reads_on_and_begins_again_after_a_cut(log: LogWriter) -> None:
    follower = Follower(log.path)
    log.write(paused(1))
    size = log.size()
    assert [event.step for event in follower.poll()] == [1]
    assert follower.poll() == []
    log.write(paused(2))
    assert [event.step for event in follower.poll()] == [2]
    log.cut(size)
    log.write(paused(3))
    log.write(paused(4))  # longer than before the cut: the size alone would not tell
    assert [event.step for event in follower.poll()] == [1, 3, 4]


def test_a_follower_waits_for_the_rest_of_a_line(log: LogWriter) -> None:
    log.write(paused(1))
    log.close()
    line = log.path.read_bytes()
    follower = Follower(log.path)
    follower.poll()
    with log.path.open("ab", buffering=0) as file:
        file.write(line[:10])
        assert follower.poll() == []
        file.write(line[10:])
    assert [event.step for event in follower.poll()] == [1]


def test_unknown_fields_of_a_newer_version_are_left_out() -> None:
    assert from_json({**to_json(paused(7)), "colour": "red"}) == paused(7)

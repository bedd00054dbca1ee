"""Disks that are full, folders that may only be read, that are moved or deleted, while a run is trained: nothing is lost."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtlstudio.runs import log
from mtlstudio.runs.events import Event, RunFailed, RunFinished, StepsMeasured
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training import loop
from mtlstudio.training.trainer import Trainer
from tests.refusing import FORBIDDEN, FULL, READ_ONLY, refusing
from tests.training.small import losses, project, trained


@pytest.fixture(autouse=True)
def _measured_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)


SPEC = project(epochs=2, checkpoint_steps=3)


def kind_of(name: str) -> str:
    """What is written there, whichever run, step and epoch it is of."""
    return re.sub(r"[0-9a-f]{8}(?=\.tmp)|\d+", "#", name)


def resumed(run: RunFolder, whole: RunFolder) -> None:
    list(Trainer(SPEC, run.project_folder, run, resume=True).run())
    assert run.info().status == "finished" and losses(run) == losses(whole)
    assert not [*run.path.rglob(".*.tmp")], "what was half written is swept away"


@pytest.mark.slow
def test_a_disk_full_at_any_write_ends_the_run_in_words_and_it_goes_on_later(tmp_path: Path) -> None:
    """Every kind of file and folder that a run writes, once at its first and once at its last time."""
    with refusing(tmp_path, wanted=lambda _number, _path: False) as seen:
        whole = trained(tmp_path, SPEC, "whole")
    kinds = [kind_of(name.removeprefix("runs/whole/")) for name in seen.calls]
    first = kinds.index("checkpoints/.#.#.tmp")  # before there is nothing to go on with
    places = {kinds.index(kind) for kind in kinds} | {len(kinds) - 1 - kinds[::-1].index(kind) for kind in kinds}
    ends = 0
    for place in sorted(places):
        run = create_run(tmp_path, None, SPEC)
        with refusing(run.path, FULL, lambda number, _path, place=place: number == place - 3) as seen:
            events = list(Trainer(SPEC, tmp_path, run).run())
        if not seen.refused or isinstance(events[-1], RunFinished):
            assert not seen.refused or seen.refused == ["checkpoints"], "a folder that was there anyway"
            continue
        end, ends = events[-1], ends + 1
        assert isinstance(end, RunFailed) and end.code == "disk" and str(run.path) in end.message, (place, end)
        assert "disk is full" in end.message and "Free some space" in end.fix
        assert place < first or run.info().status in ("failed", "interrupted")
        if os.path.exists(run.log.path):
            content = run.log.path.read_bytes()
            assert not content or content.endswith(b"}\n")
        resumed(run, whole)
    assert ends > 15, "too few writes were refused to prove anything"


@pytest.mark.parametrize("number", [FULL, READ_ONLY, FORBIDDEN], ids=["full", "read-only", "forbidden"])
@pytest.mark.parametrize("step", [1, 5, 7])
def test_refused_for_good_from_some_step_on(tmp_path: Path, number: int, step: int) -> None:
    whole = trained(tmp_path, SPEC, "whole")
    run = create_run(tmp_path, None, SPEC)
    reached = 0

    def wanted(_number: int, _path: Path) -> bool:
        return reached >= step

    events: list[Event] = []
    with refusing(tmp_path, number, wanted) as seen:
        for event in Trainer(SPEC, tmp_path, run).run():
            events.append(event)
            reached = event.step if isinstance(event, StepsMeasured) else reached
    end = events[-1]
    assert seen.refused and isinstance(end, RunFailed) and end.code == "disk" and end.fix
    assert str(run.path) in end.message
    assert end.checkpoint == {1: 0, 5: 4, 7: 6}[step]
    assert run.info().status == "interrupted", "its file could not be written any more"
    resumed(run, whole)


@pytest.mark.parametrize("kind", ["steps_measured", "epoch_finished"])
def test_a_log_that_cannot_grow_ends_with_a_whole_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The disk fills up in the middle of a line."""
    whole = trained(tmp_path, SPEC, "whole")
    run = create_run(tmp_path, None, SPEC)

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def write(self, line: bytes) -> None:
            self.file.write(line[: len(line) // 2])
            raise OSError(FULL, os.strerror(FULL), str(run.log.path))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    write = log.LogWriter.write

    def filling(self: log.LogWriter, event: Event) -> None:
        if event.kind == kind and getattr(event, "step", 0) >= 4:
            self._file = Full(self._open())  # type: ignore[assignment]
        write(self, event)

    with monkeypatch.context() as patch:
        patch.setattr(log.LogWriter, "write", filling)
        end = list(Trainer(SPEC, tmp_path, run).run())[-1]
    assert isinstance(end, RunFailed) and end.code == "disk" and "metrics.jsonl" in end.message
    assert run.log.path.read_bytes().endswith(b"}\n")
    resumed(run, whole)


@pytest.fixture
def under_way(tmp_path: Path) -> Iterator[tuple[RunFolder, Iterator[Event]]]:
    """A run in its second epoch."""
    (tmp_path / "project").mkdir()
    run = create_run(tmp_path / "project", None, SPEC)
    events = Trainer(SPEC, tmp_path / "project", run).run()
    for event in events:
        if isinstance(event, StepsMeasured) and event.step == 5:
            break
    yield run, events
    events.close()  # type: ignore[attr-defined]


def test_a_project_that_is_moved_while_it_is_trained_is_gone_on_with_where_it_lies(
    under_way: tuple[RunFolder, Iterator[Event]], tmp_path: Path
) -> None:
    run, events = under_way
    (tmp_path / "project").rename(tmp_path / "elsewhere")
    end = list(events)[-1]
    assert isinstance(end, RunFailed) and end.code == "disk"
    assert "folder of the run is gone" in end.message and str(run.path) in end.message and "moved" in end.fix
    assert not (tmp_path / "project").exists(), "no second folder is begun at the old place"
    moved = RunFolder(tmp_path / "elsewhere" / "runs" / run.id)
    assert moved.info().status == "interrupted"
    assert isinstance(list(moved.events())[-1], RunFailed), "the log went along, and tells"
    resumed(moved, trained(tmp_path, SPEC, "whole"))


def test_a_run_whose_folder_is_deleted_while_it_is_trained_says_so(
    under_way: tuple[RunFolder, Iterator[Event]],
) -> None:
    run, events = under_way
    shutil.rmtree(run.path)
    end = list(events)[-1]
    assert isinstance(end, RunFailed) and end.code == "disk" and "gone" in end.message and end.checkpoint is None
    assert not run.path.exists()

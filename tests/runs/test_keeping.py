"""Names, pins, tags, notes, chosen checkpoints and the trash of runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.runs import keeping
from mtlstudio.runs.checkpoints import NETWORK_FILE, TRAINING_FILE
from mtlstudio.runs.folder import RunFolder, create_run, runs_of
from tests.training.small import project


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    made = create_run(tmp_path, "first 甲", project())
    made.update(status="finished")
    return made


def with_checkpoints(run: RunFolder, *steps: int) -> None:
    import json
    import struct

    header = json.dumps({"__metadata__": {"epoch": "1"}}).encode()
    for step in steps:
        folder = run.store.path(step)
        folder.mkdir(parents=True)
        (folder / NETWORK_FILE).write_bytes(struct.pack("<Q", len(header)) + header)
        (folder / TRAINING_FILE).write_bytes(b"")


def test_pins_tags_notes_and_names_travel_with_the_run(run: RunFolder, tmp_path: Path) -> None:
    keeping.pin(run, True)
    keeping.tag(run, ["paper", " two  words ", "", "paper", "标签"])
    keeping.annotate(run, " why it was trained \n")
    keeping.rename(run, " 新  name ")
    moved = tmp_path / "runs" / "elsewhere"
    run.path.rename(moved)
    info = RunFolder(moved).info()
    assert (info.pinned, info.tags, info.note, info.name) == (
        True, ["paper", "two words", "标签"], "why it was trained", "新 name",
    )  # fmt: skip
    keeping.pin(RunFolder(moved), False)
    assert not RunFolder(moved).info().pinned and RunFolder(moved).spec() == project()


def test_a_name_is_not_given_twice(run: RunFolder, tmp_path: Path) -> None:
    other = create_run(tmp_path, "second", project())
    other.update(status="finished")
    for name in ("second", other.id, "  "):
        with pytest.raises(StudioError):
            keeping.rename(run, name)
    keeping.rename(run, "first 甲")
    assert run.info().name == "first 甲"


def test_a_deleted_run_lies_in_the_trash_and_comes_back_whole(run: RunFolder, tmp_path: Path) -> None:
    before = sorted(path.relative_to(run.path) for path in run.path.rglob("*"))
    gone = keeping.delete(run)
    assert runs_of(tmp_path) == [] and gone.path.is_relative_to(tmp_path / ".trash")
    assert keeping.trashed(tmp_path) == [gone]
    back = keeping.restore(tmp_path, gone)
    assert back.path == run.path and back.info().name == "first 甲" and keeping.trashed(tmp_path) == []
    assert sorted(path.relative_to(run.path) for path in run.path.rglob("*")) == before


def test_two_runs_of_one_id_can_lie_in_the_trash_but_only_one_comes_back(run: RunFolder, tmp_path: Path) -> None:
    first = keeping.delete(run)
    again = create_run(tmp_path, "first 甲", project())
    again.update(status="finished")
    assert again.id == run.id
    with pytest.raises(StudioError, match="already"):
        keeping.restore(tmp_path, first)
    second = keeping.delete(again)
    assert second.path != first.path and len(keeping.trashed(tmp_path)) == 2
    keeping.restore(tmp_path, second)
    with pytest.raises(StudioError, match="already"):
        keeping.restore(tmp_path, first)
    assert first.path.is_dir()


def test_a_run_that_is_being_written_is_left_alone(run: RunFolder, tmp_path: Path) -> None:
    run.update(status="running")
    with run.lock():
        for act in (
            lambda: keeping.delete(run), lambda: keeping.pin(run, True), lambda: keeping.rename(run, "x"),
            lambda: keeping.tag(run, ["x"]), lambda: keeping.annotate(run, "x"), lambda: keeping.choose(run, None),
        ):  # fmt: skip
            with pytest.raises(StudioError, match="being written"):
                act()
    keeping.delete(run)  # its process ended without a word: interrupted
    assert runs_of(tmp_path) == []


def test_a_chosen_checkpoint_is_found_kept_and_changes_no_best(run: RunFolder) -> None:
    with_checkpoints(run, 1, 2, 3, 4)
    run.store.tidy({"best": 2, "last": 4})  # 1 goes
    assert run.store.find("chosen").step == 2
    with_checkpoints(run, 5)
    keeping.choose(run, 3)
    run.store.tidy({"best": 2, "last": 5})
    assert run.store.steps() == [2, 3, 4, 5]
    assert {one.step: one.tags for one in run.checkpoints()}[3] == ("chosen",)
    assert run.store.find("chosen").step == 3 and run.store.find("best").step == 2
    with pytest.raises(StudioError):
        keeping.choose(run, 99)
    keeping.choose(run, None)
    run.store.tidy({"best": 2, "last": 5})
    assert run.store.steps() == [2, 4, 5] and run.store.find("chosen").step == 2

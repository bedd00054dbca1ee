"""Checkpoints on disk: whole or not there, tagged, thinned out."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.runs.checkpoints import NETWORK_FILE, TRAINING_FILE, CheckpointStore, network_metadata


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path / "checkpoints")


def write(store: CheckpointStore, step: int, epoch: int = 0) -> None:
    header = json.dumps({"__metadata__": {"epoch": str(epoch)}}).encode()
    with store.writing(step) as folder:
        (folder / NETWORK_FILE).write_bytes(struct.pack("<Q", len(header)) + header)
        (folder / TRAINING_FILE).write_bytes(b"state")


def test_the_newest_two_and_the_tagged_stay(store: CheckpointStore) -> None:
    for step in range(6):
        write(store, step, epoch=step)
        store.tidy({"last": step, "best": 1, "best:a": min(step, 2)})
    assert store.steps() == [1, 2, 4, 5]
    assert {info.step: info.tags for info in store.all()} == {1: ("best",), 2: ("best:a",), 4: (), 5: ("last",)}
    assert store.find("best").epoch == 1 and store.find("last").step == 5 and store.find(4).step == 4


def test_a_write_that_fails_leaves_the_old_ones_and_nothing_else(store: CheckpointStore) -> None:
    write(store, 1)
    with pytest.raises(OSError), store.writing(2) as folder:
        (folder / NETWORK_FILE).write_bytes(b"half")
        raise OSError("full")
    assert store.steps() == [1] and {path.name for path in store.folder.iterdir()} == {"1"}


def test_a_step_can_be_written_again(store: CheckpointStore) -> None:
    write(store, 1, epoch=1)
    write(store, 1, epoch=2)
    store.tidy({"last": 1})
    assert store.find(1).epoch == 2 and {path.name for path in store.folder.iterdir()} == {"1", "index.json"}


def test_leftovers_of_a_kill_do_not_count_and_are_tidied(store: CheckpointStore) -> None:
    write(store, 1)
    (store.folder / ".2.abc.tmp").mkdir()
    (store.folder / "3").mkdir()
    assert store.steps() == [1] and store.find("last").step == 1
    store.tidy({"last": 1})
    assert not (store.folder / ".2.abc.tmp").exists()


@pytest.mark.parametrize("index", [None, "", "[]", '{"best": 77, "last": 1, "x": "y"}'])
def test_a_missing_or_foolish_index_does_no_harm(store: CheckpointStore, index: str | None) -> None:
    write(store, 1)
    write(store, 2)
    if index is not None:
        (store.folder / "index.json").write_text(index)
    assert store.tags() == {"last": 2} and store.find("best").step == 2


def test_what_is_not_there_is_named_with_what_is(store: CheckpointStore) -> None:
    with pytest.raises(StudioError, match="no checkpoint best"):
        store.find("best")
    write(store, 4)
    with pytest.raises(StudioError) as caught:
        store.find(3)
    assert "4" in caught.value.text()


@pytest.mark.parametrize("content", [b"", b"1234", struct.pack("<Q", 2**60) + b"{}", struct.pack("<Q", 2) + b"[]"])
def test_a_damaged_network_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / NETWORK_FILE
    path.write_bytes(content)
    with pytest.raises(StudioError, match="damaged"):
        network_metadata(path)


def test_later_steps_are_dropped_on_resume(store: CheckpointStore) -> None:
    for step in (1, 2, 3):
        write(store, step)
    store.drop_after(2)
    assert store.steps() == [1, 2]

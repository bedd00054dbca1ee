"""The checkpoints of a run on disk, without knowing what is in them: whole or not there, named by tags, thinned out.

`checkpoints/<step>/` holds `network.safetensors` and `training.pt`; `checkpoints/index.json` says which step is
`last`, `best`, `best:<task id>`, `chosen` (by the user).
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import read_json, write_json_atomic
from mtlstudio.base.texts import mark

NETWORK_FILE = "network.safetensors"
TRAINING_FILE = "training.pt"
LAST, BEST, CHOSEN = "last", "best", "chosen"
_NEWEST_KEPT = 2


def best_of(task_id: str) -> str:
    """The tag of a task's best checkpoint."""
    return f"{BEST}:{task_id}"


@dataclass(frozen=True)
class CheckpointInfo:
    """A checkpoint on disk. `tags`: last, best, best:<task id>, chosen; `epoch`: count of epochs finished by then."""

    step: int
    epoch: int
    path: Path
    tags: tuple[str, ...] = ()


class CheckpointStore:
    """The checkpoints in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = folder / "index.json"

    def steps(self) -> list[int]:
        """Steps of the whole checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        whole = (path for path in self.folder.iterdir() if path.name.isdecimal() and (path / TRAINING_FILE).is_file())
        return sorted(int(path.name) for path in whole if (path / NETWORK_FILE).is_file())

    def all(self) -> list[CheckpointInfo]:
        """The checkpoints, oldest first. Those whose header cannot be read are left out."""
        tags = self.tags()
        found = []
        for step in self.steps():
            path = self.path(step)
            try:
                epoch = int(network_metadata(path / NETWORK_FILE).get("epoch", 0))
            except (StudioError, TypeError, ValueError):
                continue
            found.append(CheckpointInfo(step, epoch, path, tuple(tag for tag, at in tags.items() if at == step)))
        return found

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies."""
        return self.folder / str(step)

    def tags(self) -> dict[str, int]:
        """Tag -> step, of checkpoints that are there; `last` is always the newest."""
        steps = self.steps()
        try:
            told = read_json(self._index)
        except StudioError:
            told = {}
        items = told.items() if isinstance(told, dict) else ()
        kept = {str(tag): step for tag, step in items if isinstance(step, int) and step in steps}
        return {**kept, LAST: steps[-1]} if steps else {}

    def find(self, which: str | int) -> CheckpointInfo:
        """The checkpoint of a step or tag; where the tag is not known (yet), the last; for `chosen` the best then.

        Raises:
            StudioError: there is none.
        """
        known = {info.step: info for info in self.all()}
        tags = self.tags()
        other = tags.get(BEST, tags.get(LAST)) if which == CHOSEN else tags.get(LAST)
        step = which if isinstance(which, int) else tags.get(which, other)
        if step is None or step not in known:
            raise StudioError(
                mark("there is no checkpoint {which}"),
                where=str(self.folder),
                fix=mark("There are: {known}."),
                which=which,
                known=", ".join(str(number) for number in known) or "—",
            )
        return known[step]

    def choose(self, step: int | None) -> None:
        """Gives a checkpoint the tag `chosen`; None takes it away.

        Raises:
            StudioError: there is no such checkpoint, or the system refused.
        """
        tags = {tag: at for tag, at in self.tags().items() if tag != CHOSEN}
        write_json_atomic(self._index, tags if step is None else {**tags, CHOSEN: self.find(step).step})

    @contextmanager
    def writing(self, step: int) -> Iterator[Path]:
        """A folder to write the checkpoint of `step` into; it takes its name only when the block ends well.

        Raises:
            OSError: the system refused; nothing is left behind.
        """
        self.folder.mkdir(exist_ok=True)  # not the run's folder: where that was moved, no second one is begun
        temporary = self.folder / f".{step}.{uuid.uuid4().hex[:8]}.tmp"
        temporary.mkdir()
        try:
            yield temporary
            for file in temporary.iterdir():
                _sync(file)
            _sync(temporary)
            target = self.path(step)
            if target.exists():  # written again because λ was changed at this step
                os.replace(target, temporary.with_suffix(".old.tmp"))
            os.replace(temporary, target)
            _sync(self.folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def tidy(self, tags: Mapping[str, int]) -> None:
        """Writes the index, then deletes every checkpoint but the newest two and the tagged ones, and leftovers. The
        one that the user has chosen keeps its tag.

        Raises:
            StudioError: the system refused.
        """
        steps = self.steps()
        chosen = {tag: step for tag, step in self.tags().items() if tag == CHOSEN}
        kept = {tag: step for tag, step in {**tags, **chosen}.items() if step in steps}
        write_json_atomic(self._index, kept)
        wanted = {*steps[-_NEWEST_KEPT:], *kept.values()}
        for step in steps:
            if step not in wanted:
                shutil.rmtree(self.path(step), ignore_errors=True)
        sweep(self.folder)

    def drop_after(self, step: int) -> None:
        """Deletes the checkpoints of later steps (a run is resumed at an earlier one)."""
        for later in self.steps():
            if later > step:
                shutil.rmtree(self.path(later), ignore_errors=True)


def sweep(folder: Path) -> None:
    """Deletes what a process that was killed left half written."""
    for leftover in folder.glob(".*.tmp"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def network_metadata(path: Path) -> dict[str, Any]:
    """What the header of a `network.safetensors` says beside its tensors; values are texts.

    Raises:
        StudioError: the file is missing, damaged or not as long as the header says.
    """
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > path.stat().st_size:
                raise ValueError(length)
            header = json.loads(file.read(length))
        metadata = dict(header.pop("__metadata__", {}))
        ends = [item["data_offsets"][1] for item in header.values()]
        if path.stat().st_size != 8 + length + max(ends, default=0):
            raise ValueError(ends)  # cut off, or something was added
        return metadata
    except (OSError, ValueError, TypeError, LookupError, struct.error, AttributeError, RecursionError) as error:
        raise StudioError(mark("this checkpoint is damaged"), where=str(path)) from error


def _sync(path: Path) -> None:
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

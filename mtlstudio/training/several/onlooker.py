"""The folder of a run as those processes see it that do not write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtlstudio.base.files import Lock
from mtlstudio.runs.checkpoints import CheckpointStore
from mtlstudio.runs.events import Event
from mtlstudio.runs.folder import RunFolder
from mtlstudio.runs.log import LogWriter


class OnlookerFolder(RunFolder):
    """Reads like any other; whatever would be written is left to the first process.

    Args:
        run: the folder.
    """

    writes = False

    def __init__(self, run: RunFolder) -> None:
        super().__init__(run.path)
        self.log = _SilentLog(run.log.path)
        self.store = _LockedStore(run.store.folder)

    def update(self, **changes: Any) -> None:
        """Nothing."""

    def record(self, event: Event) -> None:
        """Nothing."""

    def lock(self) -> Lock:
        """One that is never taken."""
        return _NoLock(super().lock().path)


class _SilentLog(LogWriter):
    def write(self, event: Event) -> None:
        pass

    def size(self) -> int:
        return 0

    def cut(self, size: int) -> None:
        pass


class _LockedStore(CheckpointStore):
    def tidy(self, tags: Mapping[str, int]) -> None:
        pass

    def drop_after(self, step: int) -> None:
        pass


class _NoLock(Lock):
    def acquire(self) -> None:
        pass

    def release(self) -> None:
        pass

"""The log of a run, `metrics.jsonl`: one event per line, only ever appended to, cut where a run is resumed."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

from mtlstudio.base.files import write_atomic
from mtlstudio.runs.events import EpochFinished, Event, RunFailed, RunFinished, from_json, to_json

_KEPT_FOR_GOOD = (EpochFinished, RunFinished, RunFailed)


class LogWriter:
    """Appends events. A line is whole or, after an error, not there at all; every line is flushed, those that end
    an epoch or a run are synced to the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def write(self, event: Event) -> None:
        """Appends one event.

        Raises:
            OSError: the system refused (disk full, folder gone); the log ends with its last whole line.
        """
        line = json.dumps(to_json(event), ensure_ascii=False, allow_nan=False) + "\n"
        file = self._open()
        start = file.tell()
        try:
            file.write(line.encode("utf-8"))
            file.flush()
            if isinstance(event, _KEPT_FOR_GOOD):
                os.fsync(file.fileno())
        except OSError:
            self._take_back(start)
            raise

    def size(self) -> int:
        """Bytes of whole lines written so far."""
        return self._open().tell()

    def cut(self, size: int) -> None:
        """Drops everything after `size` bytes. The file is replaced, so that followers notice.

        Raises:
            StudioError: the system refused.
        """
        self.close()
        with contextlib.suppress(FileNotFoundError):
            content = self.path.read_bytes()
            if len(content) != size:
                write_atomic(self.path, content[:size])

    def close(self) -> None:
        """Closes the file; the next `write` opens it again."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        self._file = None

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = self.path.open("ab", buffering=0)
            self._file.seek(0, os.SEEK_END)
        return self._file

    def _take_back(self, size: int) -> None:
        self.close()
        with contextlib.suppress(OSError):
            os.truncate(self.path, size)


def read_events(path: Path, skip: tuple[str, ...] = (), damaged: list[int] | None = None) -> Iterator[Event]:
    """The events of a log, in order. A torn last line, damaged lines and events of other versions are left out.

    Args:
        path: the log; one that is not there has no events.
        skip: kinds that are left out without being parsed.
        damaged: takes up the numbers (1-based) of the damaged lines.
    """
    marks = tuple(f'{{"kind": "{kind}"'.encode() for kind in skip)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n") or (marks and line.startswith(marks)):
                continue
            try:
                event = _read(line)
            except _UNREADABLE:
                if damaged is not None:
                    damaged.append(number)
                continue
            if event is not None:
                yield event


class Follower:
    """Reads a log that another process writes.

    Where the log was cut (the run was resumed), `poll` begins again with the first event: a `RunStarted` with step 0
    tells a reader to forget what it has.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._position = 0
        self._file_id: tuple[int, int] | None = None

    def poll(self) -> list[Event]:
        """The events that were added since the last call; never waits, never raises for a missing file."""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                file_id = (status.st_dev, status.st_ino)
                if file_id != self._file_id or status.st_size < self._position:
                    self._file_id, self._position = file_id, 0
                file.seek(self._position)
                content = file.read()
        except OSError:
            return []
        whole = content[: content.rfind(b"\n") + 1]
        self._position += len(whole)
        return [event for event in map(_parsed, whole.splitlines()) if event is not None]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refuse)  # NaN is no JSON


_UNREADABLE = (ValueError, TypeError, RecursionError)


def _read(line: bytes) -> Event | None:
    """The event of a line; None for one of another version. Raises what `_UNREADABLE` names."""
    values = _DECODER.decode(line.decode())
    if not isinstance(values, dict):
        raise TypeError(values)
    return from_json(values)


def _parsed(line: bytes) -> Event | None:
    try:
        return _read(line)
    except _UNREADABLE:
        return None

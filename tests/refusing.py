"""A file system that refuses, at chosen places: every call of the interpreter that writes goes past it.

Python tells its audit hooks of each opening of a file, each new folder, renaming and deletion, whoever asks for it. The
hook of this module raises what the system would: a full disk, a folder that may only be read.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FULL, READ_ONLY, FORBIDDEN = errno.ENOSPC, errno.EROFS, errno.EACCES
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass
class Refusals:
    """What was refused.

    Attributes:
        under: only paths in there.
        number: of the error.
        wanted: (number of the call, 0-based; path) -> whether it is refused.
        calls: paths of all writing calls so far, relative to `under`.
        refused: those that were refused.
    """

    under: Path
    number: int
    wanted: Callable[[int, Path], bool]
    calls: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def see(self, path: Any) -> None:
        """Raises where the call is refused."""
        try:
            place = Path(os.path.abspath(os.fsdecode(path)))
            name = place.relative_to(self.under).as_posix()
        except (TypeError, ValueError):  # a number instead of a path; elsewhere
            return
        self.calls.append(name)
        if self.wanted(len(self.calls) - 1, place):
            self.refused.append(name)
            raise OSError(self.number, os.strerror(self.number), str(place))


_active: list[Refusals] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _active:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = bool(set(mode or "") & set("wax+")) or (mode is None and bool((flags or 0) & _WRITING))
        if writes:
            _active[-1].see(path)
    elif event in ("os.mkdir", "os.truncate"):
        _active[-1].see(arguments[0])
    elif event == "os.rename":
        _active[-1].see(arguments[1])


_added = False


@contextmanager
def refusing(
    under: Path, number: int = FULL, wanted: Callable[[int, Path], bool] = lambda _number, _path: True
) -> Iterator[Refusals]:
    """Within the block writing calls below a folder are refused where `wanted` says so. What is already open stays so."""
    global _added
    if not _added:
        sys.addaudithook(_hook)  # there is no way to take it away again: it does nothing while nobody refuses
        _added = True
    found = Refusals(Path(os.path.abspath(under)), number, wanted)
    _active.append(found)
    try:
        yield found
    finally:
        _active.remove(found)

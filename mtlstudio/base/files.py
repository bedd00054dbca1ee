"""Files that are whole or not there: atomic writing, JSON with clear complaints, locks, ids from names."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import socket
import time
import unicodedata
import uuid
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from mtlstudio.base.errors import StudioError
from mtlstudio.base.processes import is_running, process_started
from mtlstudio.base.texts import mark

_SLUG_LENGTH = 40
_HALF_WRITTEN_S = 0.5
_TRIES = 100


def write_atomic(path: Path, data: bytes | str, *, keep_previous: Path | None = None) -> None:
    """Writes a file so that, whatever happens, its old or its new content is there, and whole.

    Args:
        path: the file; its folder exists. A link is followed.
        data: its new content; text is written as UTF-8 with the line ends it has.
        keep_previous: where to keep the content that is replaced, if there is one.

    Raises:
        StudioError: the system refused (disk full, no permission, no such folder); the old file is untouched.
    """
    content = data.encode("utf-8") if isinstance(data, str) else data
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        if keep_previous is not None and target.exists():
            write_atomic(keep_previous, target.read_bytes())
        _write_synced(temporary, content)
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
        _sync_folder(target.parent)
    except OSError as error:
        _refused(error, path, writing=True)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_json_atomic(path: Path, obj: Any) -> None:
    """Writes `obj` as readable JSON (two spaces, UTF-8, a last line end), as `write_atomic` does.

    Raises:
        StudioError: the system refused.
        ValueError: a number in it is not finite.
        TypeError: something in it is no JSON.
    """
    write_atomic(path, json.dumps(obj, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        StudioError: it is missing, cannot be read, is not UTF-8, or is damaged (with line and column).
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        _refused(error, path, writing=False)
    except UnicodeDecodeError as error:
        raise StudioError(
            mark("this is not UTF-8 text (byte {position})"), where=str(path), position=error.start
        ) from error
    try:
        return json.loads(text, parse_constant=_not_json)
    except json.JSONDecodeError as error:
        raise StudioError(
            mark("damaged at line {line}, column {column}: {reason}"),
            where=str(path),
            line=error.lineno,
            column=error.colno,
            reason=error.msg,
        ) from error
    except (ValueError, RecursionError) as error:
        raise StudioError(mark("damaged: {reason}"), where=str(path), reason=error) from error


def slug(text: str, taken: Collection[str] = ()) -> str:
    """A stable id from a name in any language: small ASCII letters, digits and `_`; unlike all of `taken`.

    `"宠物 mask"` becomes `mask`, a name without any ASCII letter `item`; a taken one gets `_2`, `_3`, …
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode("ascii")
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_SLUG_LENGTH].strip("_") or "item"
    chosen, number = stem, 1
    while chosen in taken:
        number += 1
        chosen = f"{stem}_{number}"
    return chosen


def make_folder(path: Path) -> None:
    """Makes a folder, if it is not there, in one that is.

    Raises:
        StudioError: the system refused.
    """
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        _refused(error, path, writing=True)


def new_folder(root: Path, choose: Callable[[Collection[str]], str]) -> Path:
    """Makes a folder of a new name in `root` (which is made too); another one where another process was quicker.

    Args:
        choose: a name unlike those that are taken.

    Raises:
        StudioError: the system refused.
    """
    path = root
    try:
        root.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            path = root / choose({other.name for other in root.iterdir()})
            with contextlib.suppress(FileExistsError):
                path.mkdir()
                return path
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    except OSError as error:
        _refused(error, path, writing=True)


_HELD: set[str] = set()
"""Tokens of the locks that this process holds."""


@dataclass(frozen=True)
class LockOwner:
    """Who holds a lock, as its file tells.

    Attributes:
        pid, host: the process and the computer it runs on.
        started: its start, so that another process with the same number is told apart.
        token: names this one holding of the lock; only its holder removes it.
    """

    pid: int
    host: str
    started: str
    token: str

    @classmethod
    def me(cls) -> LockOwner:
        """This process, with a new token."""
        pid = os.getpid()
        return cls(pid, socket.gethostname(), process_started(pid) or "", uuid.uuid4().hex)

    @classmethod
    def read(cls, path: Path) -> LockOwner:
        """The owner that a lock file names."""
        told = json.loads(path.read_text(encoding="utf-8"))
        return cls(int(told["pid"]), str(told["host"]), str(told["started"]), str(told["token"]))

    @property
    def lives(self) -> bool:
        """Whether it may still work: yes on another computer, where nobody here can know; in this process, where the lock
        is held (its file stays behind in a folder that was moved meanwhile)."""
        if self.host != socket.gethostname():
            return True
        if self.pid == os.getpid() and self.token not in _HELD:
            return False
        return is_running(self.pid, self.started)


class Lock:
    """One writer at a time, across processes: a file that names its owner; a dead owner's lock is taken over.

    Use it as a context manager, or `acquire` and `release` it. Works wherever a file can be created exclusively.

    Raises:
        StudioError: from `acquire` (and `with`): a live owner holds it, or its folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._mine: LockOwner | None = None

    @property
    def held(self) -> bool:
        """Whether this object, in this process, holds the lock."""
        return self._mine is not None and self._mine.pid == os.getpid()

    def acquire(self) -> None:
        """Takes the lock now or raises."""
        if self.held:
            return
        mine = LockOwner.me()
        _HELD.add(mine.token)  # before anybody can read it in the file
        try:
            self._acquire(mine)
        finally:
            if self._mine != mine:
                _HELD.discard(mine.token)

    def _acquire(self, mine: LockOwner) -> None:
        for _ in range(_TRIES):
            if self._create(mine):
                self._mine = mine
                return
            owner = self._owner()
            if owner is None:  # released meanwhile
                continue
            if owner.lives:
                raise self._in_use(owner)
            if self._take_over(owner, mine):
                self._mine = mine
                return
            time.sleep(0.02)
        raise StudioError(mark("the lock changes hands all the time"), where=str(self.path), fix=mark("Try again."))

    def release(self) -> None:
        """Gives the lock back; does nothing where it is not held."""
        mine, held = self._mine, self.held
        self._mine = None
        if mine is not None:
            _HELD.discard(mine.token)
        if held and self._owner() == mine:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)

    def __enter__(self) -> Lock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _create(self, mine: LockOwner) -> bool:
        try:
            _write_synced(self.path, _record(mine))
        except FileExistsError:
            return False
        except OSError as error:
            _refused(error, self.path, writing=True)
        return True

    def _owner(self) -> LockOwner | None:
        """The owner in the file; one that never lived if the file stays unreadable; None if there is no file."""
        deadline = time.monotonic() + _HALF_WRITTEN_S
        while True:
            try:
                return LockOwner.read(self.path)
            except FileNotFoundError:
                return None
            except (OSError, ValueError, TypeError, KeyError):
                if time.monotonic() > deadline:
                    return LockOwner(0, socket.gethostname(), "", "damaged")
                time.sleep(0.02)  # its creator may be about to write it

    def _take_over(self, dead: LockOwner, mine: LockOwner) -> bool:
        """Replaces a dead owner's file. A guard named after that one holding lets only one successor do so:
        whoever gets the guard late finds another owner in the file and leaves it alone.
        """
        guard = Lock(self.path.with_name(f"{self.path.name}.{slug(dead.token)}"))
        try:
            guard.acquire()
        except StudioError:
            return False
        try:
            if self._owner() != dead:
                return False
            write_atomic(self.path, _record(mine))
            return True
        finally:
            guard.release()

    def _in_use(self, owner: LockOwner) -> StudioError:
        here = owner.host == socket.gethostname()
        return StudioError(
            mark("in use by process {pid} on {host}"),
            where=str(self.path.parent),
            fix=mark("Close it there first.") if here else mark("If nothing uses it there any more, delete {file}."),
            pid=owner.pid,
            host=owner.host,
            file=self.path,
        )


def _record(owner: LockOwner) -> bytes:
    return json.dumps(asdict(owner)).encode("utf-8")


def _write_synced(path: Path, content: bytes) -> None:
    """Creates a file that is not there yet; leaves none behind if it cannot be written whole."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems cannot; the file itself is safe
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_json(name: str) -> NoReturn:
    raise ValueError(name)


def _refused(error: OSError, path: Path, *, writing: bool) -> NoReturn:
    raise refusal(error, path, writing=writing) from error


def refusal(error: OSError, path: Path, *, writing: bool) -> StudioError:
    """What the system refused, in plain words."""
    full = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
    if error.errno in full:
        message, fix = mark("the disk is full"), mark("Free some space and try again.")
    elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        message = mark("no permission to write") if writing else mark("no permission to read")
        fix = mark("Change the permissions, or choose another place.")
    elif error.errno == errno.ENOENT:
        message, fix = (mark("its folder does not exist"), "") if writing else (mark("no such file"), "")
    elif error.errno == errno.EISDIR:
        message, fix = mark("this is a folder, not a file"), ""
    else:
        message, fix = mark("the system refused: {reason}"), ""
    return StudioError(message, where=str(path), fix=fix, reason=error.strerror or str(error))

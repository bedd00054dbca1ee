"""The project folder: saving that cannot lose anything, and getting back what a crash left behind.

`project.json` is written whole or not at all. Beside it `.project.last-good.json` holds what was last saved, for the
day that `project.json` is damaged (by hand, by a merge, by the disk), and `.project.autosave.json` what was not saved
yet; saving removes it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import Lock, read_json, write_atomic
from mtlstudio.base.texts import mark
from mtlstudio.project.codec import from_json, to_json, to_text
from mtlstudio.project.problems import ProjectFileError
from mtlstudio.project.spec import ProjectSpec

PROJECT_FILE = "project.json"
LAST_GOOD_FILE = ".project.last-good.json"
AUTOSAVE_FILE = ".project.autosave.json"
LOCK_FILE = ".project.lock"


def create(folder: Path, spec: ProjectSpec) -> None:
    """Makes a project folder (and the folders above it).

    Raises:
        StudioError: there is a project already, or the system refused.
    """
    if (folder / PROJECT_FILE).exists():
        raise StudioError(
            mark("there is a project here already"), where=str(folder), fix=mark("Open it, or choose another folder.")
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise StudioError(mark("this is a file, not a folder"), where=str(folder)) from error
    except OSError as error:
        raise StudioError(
            mark("the folder cannot be made: {reason}"), where=str(folder), reason=error.strerror or error
        ) from error
    save(folder, spec)


def load(folder: Path) -> ProjectSpec:
    """The project of a folder, as it was last saved. Nothing is recovered, and nothing in it is run.

    Raises:
        StudioError: there is no project.
        ProjectFileError: the file is damaged, newer, or has faults; the fix names a file to recover from.
    """
    path = folder / PROJECT_FILE
    if not path.exists() and not path.is_symlink():
        if recovery(folder) is None:
            raise StudioError(mark("there is no project here"), where=str(folder), fix=mark("mtlstudio new makes one."))
        raise _with_recovery(StudioError(mark("no such file"), where=str(path)), folder)
    try:
        return _read(path)
    except StudioError as error:
        raise _with_recovery(error, folder) from error


def save(folder: Path, spec: ProjectSpec) -> None:
    """Writes the project; afterwards there is nothing to recover.

    Raises:
        StudioError: the system refused, or a number in it is not finite; the file on disk is untouched.
    """
    data = _bytes(spec, folder)
    write_atomic(folder / PROJECT_FILE, data)
    with contextlib.suppress(StudioError):  # the project itself is safe
        write_atomic(folder / LAST_GOOD_FILE, data)
    discard_recovery(folder)


def autosave(folder: Path, spec: ProjectSpec) -> None:
    """Keeps unsaved work beside the project.

    Raises:
        StudioError: as `save`.
    """
    write_atomic(folder / AUTOSAVE_FILE, _bytes(spec, folder))


def recovery(folder: Path) -> Path | None:
    """The file to offer for recovery, or None where there is nothing to recover.

    That is the autosave, where it is newer than `project.json` and says something else; or, where `project.json` is
    damaged or gone, the newer of the autosave and what was last saved. It can be read. A `project.json` that a newer
    program made is not damaged.
    """
    project, saved, last_good = (folder / name for name in (PROJECT_FILE, AUTOSAVE_FILE, LAST_GOOD_FILE))
    try:
        spec = _read(project)
    except StudioError as error:
        if getattr(error, "newer", False):
            return None
        found = [path for path in (saved, last_good) if _read_or_none(path) is not None]
        return max(found, key=_age, default=None)
    kept = _read_or_none(saved)
    if kept is None or kept == spec or _age(saved) < _age(project):
        return None
    return saved


def load_recovery(folder: Path) -> ProjectSpec:
    """The project as `recovery` offers it. It is not saved by that.

    Raises:
        StudioError: there is nothing to recover.
    """
    path = recovery(folder)
    if path is None:
        raise StudioError(mark("there is nothing to recover"), where=str(folder))
    return _read(path)


def discard_recovery(folder: Path) -> None:
    """Forgets unsaved work. What was last saved is kept."""
    with contextlib.suppress(OSError):
        (folder / AUTOSAVE_FILE).unlink(missing_ok=True)


def project_lock(folder: Path) -> Lock:
    """The lock of the one who may write this project; notices dead owners."""
    return Lock(folder / LOCK_FILE)


def _read(path: Path) -> ProjectSpec:
    return from_json(read_json(path), where=str(path))


def _read_or_none(path: Path) -> ProjectSpec | None:
    try:
        return _read(path)
    except StudioError:
        return None


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _bytes(spec: ProjectSpec, folder: Path) -> bytes:
    """The file's content: readable, and the same for the same project."""
    values = to_json(spec)
    try:
        text = to_text(values)
    except ValueError as error:
        raise StudioError(
            mark("a number in the project is not finite, so it cannot be saved"),
            where=str(folder / PROJECT_FILE),
            fix=mark("Undo the last change."),
        ) from error
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # names of files that are no UTF-8 stand in Python as lone surrogates
        return to_text(values, ascii_only=True).encode("ascii")


def _with_recovery(error: StudioError, folder: Path) -> ProjectFileError:
    path = recovery(folder)
    if path is None:
        fix = error.fix
    else:
        fix = mark("Its last good state is in {recovery}: copy that over it, or open the project in the window.")
    return ProjectFileError(error.message, where=error.where, fix=fix, **{**error.values, "recovery": path})

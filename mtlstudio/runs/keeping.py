"""What people do with runs beside training them: names, pins, tags, notes, a chosen checkpoint, the trash. No torch.

All of it stands in the run's own folder, so that it travels with the run. A run that is being written is left alone: its
trainer writes the same file.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import read_json, write_json_atomic
from mtlstudio.base.texts import mark
from mtlstudio.runs.folder import RUNNING, RUNS, RunFolder, runs_of

TRASH = ".trash"
_LABEL = "deleted.json"


@dataclass(frozen=True)
class Trashed:
    """A run in the trash.

    Attributes:
        path: of its folder there.
        id, name: as they were.
        deleted: when: UTC, as ISO 8601.
    """

    path: Path
    id: str
    name: str
    deleted: str


def rename(run: RunFolder, name: str) -> None:
    """Gives a run another name; its id stays.

    Raises:
        StudioError: no name, another run has it, the run is being written, or the system refused.
    """
    name = " ".join(name.split())
    if not name:
        raise StudioError(mark("a run needs a name"), where=run.id)
    for other in runs_of(run.project_folder):
        if other.id != run.id and name in (other.id, other.info().name):
            raise StudioError(
                mark("there is a run {name!r} already"), where=run.id, fix=mark("Choose another name."), name=name
            )
    _update(run, name=name)


def pin(run: RunFolder, pinned: bool) -> None:
    """Pins a run to the top of the table, or lets it go.

    Raises:
        StudioError: the run is being written, or the system refused.
    """
    _update(run, pinned=pinned)


def tag(run: RunFolder, tags: Iterable[str]) -> None:
    """Gives a run these tags, each once, in their order; none takes them away.

    Raises:
        StudioError: the run is being written, or the system refused.
    """
    plain = (" ".join(word.split()) for word in tags)
    _update(run, tags=list(dict.fromkeys(word for word in plain if word)))


def annotate(run: RunFolder, note: str) -> None:
    """Gives a run a note in free words.

    Raises:
        StudioError: the run is being written, or the system refused.
    """
    _update(run, note=note.strip())


def choose(run: RunFolder, step: int | None) -> None:
    """Chooses a checkpoint of a run (tag `chosen`); it is kept when others are thinned out. None: none is chosen.

    What "best" means does not change.

    Raises:
        StudioError: there is no such checkpoint, the run is being written, or the system refused.
    """
    with _held(run):
        run.store.choose(step)


def delete(run: RunFolder) -> Trashed:
    """Moves a run to the project's trash; nothing is lost.

    Raises:
        StudioError: the run is being written, or the system refused.
    """
    info = run.info()
    deleted = datetime.now(UTC).isoformat(timespec="microseconds")
    folder = run.project_folder / TRASH / RUNS
    target = _free(folder, run.id)
    with _held(run):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_json_atomic(run.path / _LABEL, {"id": run.id, "deleted": deleted})
            os.rename(run.path, target)
        except OSError as error:
            raise _refused(run.path, error) from error
        with contextlib.suppress(OSError):
            (target / run.lock().path.name).unlink()
    return Trashed(target, run.id, info.name, deleted)


def trashed(project_folder: Path) -> list[Trashed]:
    """What is in the trash, newest first."""
    folder = Path(project_folder) / TRASH / RUNS
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            told, info = read_json(path / _LABEL), RunFolder(path).info()
            found.append(Trashed(path, str(told["id"]), info.name, str(told["deleted"])))
        except (StudioError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda one: one.deleted, reverse=True)


def restore(project_folder: Path, one: Trashed) -> RunFolder:
    """Brings a run back to where it was.

    Raises:
        StudioError: it is not there any more, a run of its id or name has come meanwhile, or the system refused.
    """
    target = Path(project_folder) / RUNS / one.id
    if not one.path.is_dir():
        raise StudioError(mark("this run is not in the trash any more"), where=one.id)
    if target.exists() or any(run.info().name == one.name for run in runs_of(project_folder)):
        raise StudioError(
            mark("there is a run {name!r} already"), where=str(target), fix=mark("Rename or delete that one first."),
            name=one.name,
        )  # fmt: skip
    try:
        target.parent.mkdir(exist_ok=True)
        os.rename(one.path, target)
        (target / _LABEL).unlink(missing_ok=True)
    except OSError as error:
        raise _refused(target, error) from error
    return RunFolder(target)


def _update(run: RunFolder, **changes: object) -> None:
    with _held(run):
        run.update(**changes)


@contextmanager
def _held(run: RunFolder) -> Iterator[None]:
    """The run's own lock: whoever trains it holds it."""
    if run.info().status == RUNNING:
        raise StudioError(
            mark("this run is being written"), where=run.id, fix=mark("Wait until it has ended, or stop it.")
        )
    with run.lock():
        yield


def _free(folder: Path, run_id: str) -> Path:
    """A name in the trash that is not taken: a run of the same id may lie there."""
    found, number = folder / run_id, 1
    while found.exists():
        number += 1
        found = folder / f"{run_id}~{number}"
    return found


def _refused(path: Path, error: OSError) -> StudioError:
    reason = error.strerror or str(error)
    return StudioError(mark("the system refused: {reason}"), where=str(path), reason=reason)

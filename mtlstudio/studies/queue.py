"""The queue: studies that wait for their turn, in order, on disk, so that a restart can offer them again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import Lock, read_json, write_json_atomic
from mtlstudio.runs.folder import RUNNING
from mtlstudio.studies.folder import LEFT, OPEN, STUDIES, WAITING, StudyFolder, studies_of

_FILE = "queue.json"
_PATIENCE_S = 2.0


def queued(project_folder: Path) -> list[StudyFolder]:
    """The studies that can go on, in the order of the queue; those that are not in it (it was lost, or a study was
    broken off) come last. Those that are finished, have failed, or are worked on are not among them."""
    known = {folder.id: folder for folder in studies_of(project_folder) if folder.status() in OPEN}
    listed = [study for study in _listed(project_folder) if study in known]
    return [known[study] for study in [*listed, *(study for study in known if study not in listed)]]


def enqueue(folder: StudyFolder, place: int | None = None) -> None:
    """Puts a study into the queue, or at another place of it: last, or before the one that stands at `place`.

    Raises:
        StudioError: the system refused.
    """
    if folder.status() == LEFT:
        folder.update(status=WAITING)
    with _lock(folder.project_folder):
        order = [study for study in _order(folder.project_folder) if study != folder.id]
        order.insert(len(order) if place is None else place, folder.id)
        _write(folder.project_folder, order)


def dequeue(folder: StudyFolder) -> None:
    """Takes a study that is done out of the queue.

    Raises:
        StudioError: the system refused.
    """
    with _lock(folder.project_folder):
        order = _order(folder.project_folder)
        if folder.id in order:
            _write(folder.project_folder, [study for study in order if study != folder.id])


def leave(folder: StudyFolder) -> None:
    """Takes a study out of the queue before it is done: it is not offered any more; what it has trained stays.

    Raises:
        StudioError: the system refused.
    """
    if folder.status() in OPEN:
        folder.update(status=LEFT)
    dequeue(folder)


def _order(project_folder: Path) -> list[str]:
    """The queue without studies that are gone or done."""
    alive = {folder.id for folder in studies_of(project_folder) if folder.status() in (*OPEN, RUNNING)}
    return [study for study in _listed(project_folder) if study in alive]


def _listed(project_folder: Path) -> list[str]:
    try:
        told = read_json(Path(project_folder) / STUDIES / _FILE)
    except StudioError:
        return []
    return [str(study) for study in told] if isinstance(told, list) else []


def _write(project_folder: Path, order: list[str]) -> None:
    write_json_atomic(Path(project_folder) / STUDIES / _FILE, order)


@contextmanager
def _lock(project_folder: Path) -> Iterator[None]:
    """Held for the moment of a change; whoever comes at the same moment (the thread that works through a study, the
    window) waits a little."""
    lock, deadline = Lock(Path(project_folder) / STUDIES / ".queue.lock"), time.monotonic() + _PATIENCE_S
    while True:
        try:
            lock.acquire()
            break
        except StudioError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.release()

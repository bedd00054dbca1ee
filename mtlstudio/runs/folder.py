"""The folder of a run: what it was started with, what happened, its checkpoints.

`runs/<id>/`: `run.json` (status, snapshot of the project, environment), `metrics.jsonl` (the events),
`checkpoints/`, `previews/`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import Lock, LockOwner, new_folder, read_json, slug, write_json_atomic
from mtlstudio.base.texts import mark
from mtlstudio.base.typed import require
from mtlstudio.project.codec import from_json, to_json
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.checkpoints import CheckpointInfo, CheckpointStore
from mtlstudio.runs.events import Event
from mtlstudio.runs.log import Follower, LogWriter, read_events
from mtlstudio.runs.summary import RunSummary, summarise

FORMAT = "mtlstudio-run"
VERSION = 1
RUNS = "runs"
RUN_FILE = "run.json"
RUNNING, FINISHED, STOPPED, FAILED, INTERRUPTED = "running", "finished", "stopped", "failed", "interrupted"


@dataclass(frozen=True)
class RunInfo:
    """What `run.json` says.

    Attributes:
        id: the folder's name.
        name: free text.
        status: running, finished, stopped, failed, or interrupted (its process ended without a word).
        created: UTC, as ISO 8601.
        project: the snapshot of the project, as in a project file.
        epochs, seed, threads, device, precision: it is trained with; device, precision and threads are unknown ("" or
            0) before its first start.
        fingerprint: of the data, "" before its first start.
        versions: of torch, torchvision, python, mtlstudio.
        platform: of the machine.
        processes: that train it together.
        note, tags, pinned: the user's own words, labels, and whether it stands on top (see `runs.keeping`).
        study: {} or what a study says of this member of its: `id` of the study, `member`, `role` (shared,
            `alone:<task id>`, point), `seed`, `fingerprint` of the whole project's data.
        number: counts the project's runs, whatever the clock says; 0 in older ones.
    """

    id: str
    name: str
    status: str
    created: str
    project: dict[str, Any]
    epochs: int = 0
    seed: int = 0
    threads: int = 0
    device: str = ""
    precision: str = ""
    fingerprint: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    platform: str = ""
    processes: int = 1
    note: str = ""
    tags: list[str] = field(default_factory=list)
    pinned: bool = False
    study: dict[str, Any] = field(default_factory=dict)
    number: int = 0

    @property
    def changes(self) -> dict[str, str]:
        """Field -> value that a sweep gave this member of it."""
        told = self.study.get("changes")
        return {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else {}

    @property
    def is_baseline(self) -> bool:
        """It is one task of a study, trained alone."""
        return str(self.study.get("role", "")).startswith("alone:")


class RunFolder:
    """A run on disk. One process writes it, under `lock()`; any number read it.

    Args:
        path: the folder `runs/<id>` of a project.

    Attributes:
        writes: whether this process writes it (False only where several train it together).
    """

    writes = True

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.log = LogWriter(self.path / "metrics.jsonl")
        self.store = CheckpointStore(self.path / "checkpoints")

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def project_folder(self) -> Path:
        """The project's folder that the run belongs to."""
        return self.path.parent.parent

    def info(self) -> RunInfo:
        """What `run.json` says now.

        Raises:
            StudioError: it is missing, damaged or of a newer version; names what is wrong in it.
        """
        values = self._values()
        known = {name: values[name] for name in RunInfo.__dataclass_fields__ if name in values}
        known |= {"id": self.id, "status": self._status(str(values.get("status", "")))}
        where = str(self.path / RUN_FILE)
        require(RunInfo, known, where, mark("Mend it, or delete the folder of the run."))
        return RunInfo(**known)

    def spec(self) -> ProjectSpec:
        """The snapshot of the project that the run is trained with.

        Raises:
            StudioError: it is damaged.
        """
        return from_json(self._values()["project"], where=f"{self.path / RUN_FILE}: project")

    def update(self, **changes: Any) -> None:
        """Changes fields of `run.json`, atomically.

        Raises:
            StudioError: the system refused.
        """
        write_json_atomic(self.path / RUN_FILE, {**self._values(), **changes})

    def record(self, event: Event) -> None:
        """Appends an event to the log.

        Raises:
            OSError: the system refused.
        """
        self.log.write(event)

    def events(self, skip: tuple[str, ...] = ()) -> Iterator[Event]:
        """The events so far, without those of the kinds in `skip`; a torn last line is left out."""
        return read_events(self.log.path, skip)

    def follow(self) -> Follower:
        """To read the events while they are written, by whichever process."""
        return Follower(self.log.path)

    def checkpoints(self) -> list[CheckpointInfo]:
        """The checkpoints on disk, oldest first."""
        return self.store.all()

    def summary(self) -> RunSummary:
        """The run in a few figures."""
        damaged: list[int] = []
        events = read_events(self.log.path, ("steps_measured", "preview_taken"), damaged)
        return replace(summarise(events, self.info().status), unread=len(damaged))

    def stamp(self) -> tuple[int, ...]:
        """Another one whenever one of its files has changed: tells whether what was read still holds."""
        found: list[int] = []
        for path in (self.path / RUN_FILE, self.log.path, self.store.folder / "index.json"):
            try:
                status = path.stat()
            except OSError:
                found += (0, 0)
            else:
                found += (status.st_mtime_ns, status.st_size)
        return tuple(found)

    def lock(self) -> Lock:
        """Held while the run is written."""
        return Lock(self.path / ".run.lock")

    def _values(self) -> dict[str, Any]:
        where = self.path / RUN_FILE
        values = read_json(where)
        if not isinstance(values, dict) or values.get("format") != FORMAT or "project" not in values:
            raise StudioError(mark("this is not the file of a run"), where=str(where))
        if not isinstance(values.get("version"), int) or values["version"] > VERSION:
            raise StudioError(
                mark("this run was made by a newer version of the program"),
                where=str(where),
                fix=mark("Update the program."),
            )
        return values

    def _status(self, told: str) -> str:
        if told != RUNNING:
            return told
        try:
            return RUNNING if LockOwner.read(self.lock().path).lives else INTERRUPTED
        except (OSError, ValueError, TypeError, KeyError):
            return INTERRUPTED


def runs_of(project_folder: Path, unreadable: list[StudioError] | None = None) -> list[RunFolder]:
    """The project's runs, newest last; folders that hold no readable run are left out.

    Args:
        unreadable: takes up why each of those cannot be read; folders without the file of a run are none.
    """
    found: list[tuple[int, str, str, RunFolder]] = []
    for path in _folders(Path(project_folder) / RUNS):
        run = RunFolder(path)
        try:
            info = run.info()
        except StudioError as error:
            if unreadable is not None and (path / RUN_FILE).exists():
                unreadable.append(error)
            continue
        found.append((info.number, info.created, run.id, run))
    return [run for *_, run in sorted(found, key=lambda item: item[:3])]


def find_run(project_folder: Path, text: str) -> RunFolder:
    """The run of that id or name.

    Raises:
        StudioError: there is none, and which there are; or its file is damaged, and where.
    """
    runs = runs_of(project_folder)
    for run in runs:
        if run.id == text:
            return run
    for run in reversed(runs):
        if run.info().name == text:
            return run
    named = RunFolder(Path(project_folder) / RUNS / text)
    if text == named.id and (named.path / RUN_FILE).exists():
        named.info()  # tells what is wrong
    raise StudioError(
        mark("there is no run {name!r}"),
        where=str(Path(project_folder) / RUNS),
        fix=mark("Runs of this project: {known}."),
        name=text,
        known=", ".join(run.id for run in runs) or "—",
    )


def _folders(root: Path) -> list[Path]:
    """What lies in a folder; nothing where it is not there or cannot be read."""
    try:
        return list(root.iterdir())
    except OSError:
        return []


def create_run(
    project_folder: Path, name: str | None, spec: ProjectSpec, environment: Mapping[str, Any] | None = None
) -> RunFolder:
    """Makes the folder of a new run with a snapshot of the project.

    Args:
        project_folder: of the project.
        name: free text, or None for the next of `run-001`, `run-002`, …
        spec: the snapshot.
        environment: further fields of `RunInfo` that are known already; the trainer adds the rest.

    Raises:
        StudioError: a run of that name exists, or the system refused.
    """
    root = Path(project_folder) / RUNS
    name = (name or "").strip()
    known = [run.info() for run in runs_of(project_folder)]
    if name and any(name in (info.id, info.name) for info in known):
        raise StudioError(
            mark("there is a run {name!r} already"),
            where=str(root),
            fix=mark("Resume it, or choose another name."),
            name=name,
        )
    path = new_folder(root, lambda taken: _new_id(name, taken))
    values = {
        "format": FORMAT,
        "version": VERSION,
        "name": name or path.name,
        "number": max((info.number for info in known), default=0) + 1,
        "status": RUNNING,
        "created": datetime.now(UTC).isoformat(timespec="microseconds"),
        "epochs": spec.training.epochs,
        "seed": spec.training.seed,
        **(environment or {}),
        "project": to_json(spec),
    }
    try:
        (path / "checkpoints").mkdir()
        write_json_atomic(path / RUN_FILE, values)
    except (OSError, StudioError):
        shutil.rmtree(path, ignore_errors=True)  # half a run is none
        raise
    return RunFolder(path)


def _new_id(name: str, taken: Collection[str]) -> str:
    if re.search(r"[A-Za-z0-9]", name):
        return slug(name, taken)
    numbers = [int(found[1]) for found in (re.fullmatch(r"run-(\d+)", other) for other in taken) if found]
    return f"run-{max(numbers, default=0) + 1:03d}"


__all__ = [
    "FAILED", "FINISHED", "INTERRUPTED", "RUNNING", "RUNS", "STOPPED", "CheckpointInfo", "Follower", "RunFolder",
    "RunInfo", "RunSummary", "create_run", "find_run", "runs_of",
]  # fmt: skip

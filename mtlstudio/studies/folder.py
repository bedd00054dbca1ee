"""The folder of a study: its plan, how far it is, what was measured.

`studies/<id>/`: `study.json` (plan, status, failures), `measured/` (per member and split), `answer.json`,
`report.html`, `report.csv`. The runs themselves lie where all runs lie and name their study: they alone say which
members are done, so that no crash can make the two disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import Lock, LockOwner, read_json, write_json_atomic
from mtlstudio.base.texts import mark
from mtlstudio.runs.folder import FAILED, FINISHED, INTERRUPTED, RUNNING, STOPPED, RunFolder, runs_of
from mtlstudio.studies.measured import Measured
from mtlstudio.studies.study import Member, Study, study_from_json, study_to_json

STUDIES = "studies"
STUDY_FILE = "study.json"
ANSWER_FILE = "answer.json"
WAITING, LEFT = "waiting", "left"
OPEN = (WAITING, STOPPED, INTERRUPTED)
"""Status of studies that can go on and that nobody works on. One that was left (taken out of the queue) is not offered
any more, but can be gone on with all the same."""


@dataclass(frozen=True)
class MemberState:
    """How far a member is.

    Attributes:
        status: waiting (no run yet), or that of its run.
        failure: why it failed, in words, or "".
        measured: splits that it was measured on.
    """

    member: Member
    run: RunFolder | None
    status: str
    failure: str = ""
    measured: frozenset[str] = field(default_factory=frozenset)

    @property
    def trained(self) -> bool:
        """Its run came to its end."""
        return self.status == FINISHED


class StudyFolder:
    """A study on disk. One process works on it, under `lock()`; any number read it.

    Args:
        path: the folder `studies/<id>` of a project.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def project_folder(self) -> Path:
        """The project's folder that the study belongs to."""
        return self.path.parent.parent

    def study(self) -> Study:
        """The plan.

        Raises:
            StudioError: the file is missing, damaged or newer.
        """
        return study_from_json(self._values(), str(self.path / STUDY_FILE))

    def created(self) -> str:
        """When it was planned: UTC, as ISO 8601."""
        return str(self._values().get("created", ""))

    def status(self) -> str:
        """waiting, running, finished, stopped, failed (done but for some members), left (taken out of the queue), or
        interrupted (its process ended without a word).

        Raises:
            StudioError: the file cannot be read.
        """
        told = str(self._values().get("status", WAITING))
        return INTERRUPTED if told == RUNNING and not self._held() else told

    def states(self) -> list[MemberState]:
        """The members and how far each is.

        Raises:
            StudioError: the file cannot be read.
        """
        failures = dict(self._values().get("failures", {}))
        runs = self._runs()
        return [self._state(member, runs.get(member.id), failures) for member in self.study().members]

    def update(self, **changes: Any) -> None:
        """Changes fields of `study.json`, atomically.

        Raises:
            StudioError: the system refused.
        """
        write_json_atomic(self.path / STUDY_FILE, {**self._values(), **changes})

    def note_failure(self, member_id: str, reason: str | None) -> None:
        """Writes down why a member failed; None: it did not."""
        failures = dict(self._values().get("failures", {}))
        before = dict(failures)
        failures.pop(member_id, None)
        if reason is not None:
            failures[member_id] = reason
        if failures != before:
            self.update(failures=failures)

    def measured(self, member_id: str, split: str) -> Measured | None:
        """What was measured of a member, or None.

        Raises:
            StudioError: the files are damaged.
        """
        return Measured.read(self.path / "measured", f"{member_id}.{split}")

    def keep_measured(self, member_id: str, measured: Measured) -> None:
        """Keeps what was measured of a member.

        Raises:
            StudioError: the system refused.
        """
        folder = self.path / "measured"
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StudioError(mark("cannot make this folder: {reason}"), where=str(folder), reason=reason) from error
        measured.write(folder, f"{member_id}.{measured.split}")

    def answer(self) -> dict[str, Any] | None:
        """The answer of a study of baselines that was written down last (see `words.answer_json`), or None."""
        try:
            found = read_json(self.path / ANSWER_FILE)
        except StudioError:
            return None
        return found if isinstance(found, dict) else None

    def lock(self) -> Lock:
        """Held while somebody works on the study."""
        return Lock(self.path / ".study.lock")

    def _state(self, member: Member, run: RunFolder | None, failures: dict[str, str]) -> MemberState:
        failure = failures.get(member.id, "")
        if run is None:
            return MemberState(member, None, FAILED if failure else WAITING, failure)
        status = run.info().status
        if status == FAILED:
            failure = failure or run.summary().failure
        names = {path.stem for path in (self.path / "measured").glob(f"{member.id}.*.json")}
        return MemberState(
            member, run, status, failure, frozenset(name.removeprefix(f"{member.id}.") for name in names)
        )

    def _runs(self) -> dict[str, RunFolder]:
        """Member id -> its run."""
        told = ((run, run.info().study) for run in runs_of(self.project_folder))
        return {str(study.get("member")): run for run, study in told if study.get("id") == self.id}

    def _held(self) -> bool:
        try:
            return LockOwner.read(self.lock().path).lives
        except (OSError, ValueError, TypeError, KeyError):
            return False

    def _values(self) -> dict[str, Any]:
        where = self.path / STUDY_FILE
        values = read_json(where)
        if not isinstance(values, dict):
            raise StudioError(mark("this is not the file of a study"), where=str(where))
        return values


def create_study(project_folder: Path, study: Study) -> StudyFolder:
    """Makes the folder of a new study: `baselines-001`, `sweep-001`, …

    Raises:
        StudioError: the system refused.
    """
    root = Path(project_folder) / STUDIES
    names = [path.name for path in root.iterdir()] if root.is_dir() else []
    numbers = [int(found[1]) for found in (re.fullmatch(rf"{study.kind}-(\d+)", name) for name in names) if found]
    path = root / f"{study.kind}-{max(numbers, default=0) + 1:03d}"
    try:
        path.mkdir(parents=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(mark("cannot make this folder: {reason}"), where=str(path), reason=reason) from error
    created = datetime.now(UTC).isoformat(timespec="microseconds")
    values = study_to_json(study)
    head = {name: values.pop(name) for name in ("format", "version", "kind")}
    write_json_atomic(path / STUDY_FILE, {**head, "status": WAITING, "created": created, "failures": {}, **values})
    return StudyFolder(path)


def studies_of(project_folder: Path) -> list[StudyFolder]:
    """The project's studies, newest last; folders that hold no readable study are left out."""
    root = Path(project_folder) / STUDIES
    found: list[tuple[str, str, StudyFolder]] = []
    for path in root.iterdir() if root.is_dir() else ():
        folder = StudyFolder(path)
        try:
            folder.study()
            found.append((folder.created(), folder.id, folder))
        except StudioError:
            continue
    return [folder for _, _, folder in sorted(found, key=lambda item: item[:2])]


def find_study(project_folder: Path, study_id: str) -> StudyFolder:
    """The study of that id.

    Raises:
        StudioError: there is none; names those that are there.
    """
    known = studies_of(project_folder)
    for folder in known:
        if folder.id == study_id:
            return folder
    raise StudioError(
        mark("there is no study {name!r}"), where=str(Path(project_folder) / STUDIES),
        fix=mark("Studies of this project: {known}."), name=study_id,
        known=", ".join(folder.id for folder in known) or "—",
    )  # fmt: skip


def same_study(project_folder: Path, study: Study) -> StudyFolder | None:
    """The newest study of that very plan, or None."""
    return next((folder for folder in reversed(studies_of(project_folder)) if folder.study() == study), None)

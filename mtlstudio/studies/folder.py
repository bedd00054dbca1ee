"""The folder of a study: its plan, how far it is, what was measured.

`studies/<id>/`: `study.json` (plan, status, failures), `measured/` (per member and split), `answer.json`,
`report.html`, `report.csv`. The runs themselves lie where all runs lie and name their study: they alone say which
members are done, so that no crash can make the two disagree.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import Lock, LockOwner, make_folder, new_folder, read_json, write_json_atomic
from mtlstudio.base.texts import mark
from mtlstudio.base.typed import require
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
class StudyHead:
    """What `study.json` says beside the plan.

    Attributes:
        created: UTC, as ISO 8601.
        failures: member id -> why it failed.
        number: counts the project's studies, whatever the clock says; 0 in older ones.
    """

    status: str = WAITING
    created: str = ""
    failures: dict[str, str] = field(default_factory=dict)
    number: int = 0


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

    def head(self) -> StudyHead:
        """What the file says beside the plan.

        Raises:
            StudioError: it cannot be read; names what is wrong in it.
        """
        values = self._values()
        told = {name: values[name] for name in StudyHead.__dataclass_fields__ if name in values}
        require(StudyHead, told, str(self.path / STUDY_FILE), mark("Mend it, or delete the folder of the study."))
        return StudyHead(**told)

    def status(self) -> str:
        """waiting, running, finished, stopped, failed (done but for some members), left (taken out of the queue), or
        interrupted (its process ended without a word).

        Raises:
            StudioError: the file cannot be read.
        """
        told = self.head().status
        return INTERRUPTED if told == RUNNING and not self._held() else told

    def states(self) -> list[MemberState]:
        """The members and how far each is.

        Raises:
            StudioError: the file cannot be read.
        """
        failures = self.head().failures
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
        before = self.head().failures
        failures = dict(before)
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
        make_folder(folder)
        measured.write(folder, f"{member_id}.{measured.split}")

    def answer(self) -> dict[str, Any] | None:
        """The answer of a study of baselines that was written down last (see `words.answer_json`), or None where there is
        none, or none that can be read: it can be worked out anew."""
        try:
            found = read_json(self.path / ANSWER_FILE)
        except StudioError:
            return None
        tasks = found.get("tasks") if isinstance(found, dict) else None
        sound = isinstance(tasks, dict) and all(isinstance(one, dict) and "verdict" in one for one in tasks.values())
        return found if sound else None

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

    def next_id(taken: Collection[str]) -> str:
        numbers = [int(found[1]) for found in (re.fullmatch(rf"{study.kind}-(\d+)", name) for name in taken) if found]
        return f"{study.kind}-{max(numbers, default=0) + 1:03d}"

    number = max((folder.head().number for folder in studies_of(project_folder)), default=0) + 1
    path = new_folder(Path(project_folder) / STUDIES, next_id)
    created = datetime.now(UTC).isoformat(timespec="microseconds")
    values = study_to_json(study)
    first = {name: values.pop(name) for name in ("format", "version", "kind")}
    head = asdict(StudyHead(WAITING, created, {}, number))
    try:
        write_json_atomic(path / STUDY_FILE, {**first, **head, **values})
    except StudioError:
        shutil.rmtree(path, ignore_errors=True)  # half a study is none
        raise
    return StudyFolder(path)


def studies_of(project_folder: Path, unreadable: list[StudioError] | None = None) -> list[StudyFolder]:
    """The project's studies, newest last; folders that hold no readable study are left out.

    Args:
        unreadable: takes up why each of those cannot be read; folders without the file of a study are none.
    """
    root = Path(project_folder) / STUDIES
    found: list[tuple[int, str, str, StudyFolder]] = []
    for path in root.iterdir() if root.is_dir() else ():
        folder = StudyFolder(path)
        try:
            folder.study()
            head = folder.head()
        except StudioError as error:
            if unreadable is not None and (path / STUDY_FILE).exists():
                unreadable.append(error)
            continue
        found.append((head.number, head.created, folder.id, folder))
    return [folder for *_, folder in sorted(found, key=lambda item: item[:3])]


def find_study(project_folder: Path, study_id: str) -> StudyFolder:
    """The study of that id.

    Raises:
        StudioError: there is none; names those that are there.
    """
    known = studies_of(project_folder)
    for folder in known:
        if folder.id == study_id:
            return folder
    named = StudyFolder(Path(project_folder) / STUDIES / study_id)
    if study_id == named.id and (named.path / STUDY_FILE).exists():
        named.study(), named.head()  # one of them tells what is wrong
    raise StudioError(
        mark("there is no study {name!r}"), where=str(Path(project_folder) / STUDIES),
        fix=mark("Studies of this project: {known}."), name=study_id,
        known=", ".join(folder.id for folder in known) or "—",
    )  # fmt: skip


def same_study(project_folder: Path, study: Study) -> StudyFolder | None:
    """The newest study of that very plan, or None."""
    return next((folder for folder in reversed(studies_of(project_folder)) if folder.study() == study), None)

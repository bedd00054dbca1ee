"""Works through a study: trains what is not trained, measures what is not measured, leaves alone what is done."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from mtlstudio.base.clock import now
from mtlstudio.base.errors import StudioError, as_line
from mtlstudio.base.texts import mark
from mtlstudio.data.project import open_data
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event, RunFailed
from mtlstudio.runs.folder import FAILED, FINISHED, RUNNING, STOPPED, RunFolder, create_run
from mtlstudio.studies.events import (
    MemberFailed,
    MemberFinished,
    MemberMeasuring,
    MemberStarted,
    StudyEvent,
    StudyFinished,
    StudyStarted,
)
from mtlstudio.studies.folder import MemberState, StudyFolder
from mtlstudio.studies.measure import MeasuringCancelled, measure
from mtlstudio.studies.plan import fingerprint, member_spec
from mtlstudio.studies.queue import dequeue
from mtlstudio.studies.study import SWEEP, Member, Study
from mtlstudio.training.control import Control
from mtlstudio.training.trainer import Trainer

SPLITS = ("val", "test")

Events = Iterator[StudyEvent | Event]


class StudyRunner:
    """Trains and measures the members of a study, one after the other.

    Args:
        folder: of the study.
        control: what another thread may ask for: `stop` ends the study after the step under way, to be gone on with
            later; `pause` and `resume` act on the training under way.
    """

    def __init__(self, folder: StudyFolder, control: Control | None = None) -> None:
        self._folder, self._control = folder, control or Control()
        self._project_folder = folder.project_folder
        self._known_splits: dict[tuple[object, object], frozenset[str]] = {}

    def run(self) -> Events:
        """The events of the study and of its trainings.

        The last one is `StudyFinished`. A failed member does not end the study. Closing the generator early leaves the
        study as a killed process would: interrupted.

        Raises:
            StudioError: somebody else works on it, it cannot be read, or its data has changed since it was planned.
        """
        with self._folder.lock():
            study = self._folder.study()
            self._check_data(study)
            states = self._folder.states()
            self._folder.update(status=RUNNING)
            done = sum(self._is_done(study, state) for state in states)
            yield StudyStarted(now(), self._folder.id, len(states), done)
            yield from self._members(study, states)
            yield self._finish(study)

    def _members(self, study: Study, states: list[MemberState]) -> Events:
        for number, state in enumerate(states, 1):
            if self._control.stopped:
                return
            if self._is_done(study, state):
                continue
            task = _Task(study, state, number, len(states))
            try:
                reason = yield from self._work(task)
            except StudioError as error:
                reason = error.text()
            if self._control.stopped and reason is None:
                return
            self._folder.note_failure(state.member.id, reason)
            if reason is not None:
                member = state.member
                yield MemberFailed(now(), self._folder.id, member.id, member.label, member.seed, reason)

    def _work(self, task: _Task) -> Generator[StudyEvent | Event, None, str | None]:
        """Trains and measures a member; returns why it failed, or None."""
        member, state = task.state.member, task.state
        spec = member_spec(task.study, member)
        run = state.run
        if run is None or not state.trained:
            resumed = run is not None and bool(run.store.steps())
            run = run or self._new_run(task.study, member, spec)
            yield MemberStarted(
                now(), self._folder.id, member.id, member.label, member.seed, run.id, task.number, task.members,
                resumed,
            )  # fmt: skip
            for event in Trainer(spec, self._project_folder, run, self._control, resume=resumed).run():
                yield event
                if isinstance(event, RunFailed):
                    return as_line("", event.message, event.fix)
            if run.info().status != FINISHED:  # stopped
                return None
        try:
            yield from self._measured(task, run)
        except MeasuringCancelled:
            return None
        yield MemberFinished(now(), self._folder.id, member.id, run.id, task.number, task.members)
        return None

    def _measured(self, task: _Task, run: RunFolder) -> Iterator[StudyEvent]:
        member = task.state.member
        data = open_data(run.spec(), self._project_folder)
        for split in SPLITS:
            pictures = len(data.items(split))
            if not pictures or split in task.state.measured:
                continue
            yield MemberMeasuring(now(), self._folder.id, member.id, split, pictures)
            found = measure(
                self._project_folder, run, split, device=run.spec().training.device,
                cancelled=lambda: self._control.stopped,
            )  # fmt: skip
            self._folder.keep_measured(member.id, found)

    def _new_run(self, study: Study, member: Member, spec: ProjectSpec) -> RunFolder:
        told = {
            "id": self._folder.id, "kind": study.kind, "member": member.id, "role": member.role, "seed": member.seed,
            "fingerprint": study.fingerprint, "changes": dict(member.changes),
        }  # fmt: skip
        return create_run(self._project_folder, f"{self._folder.id} {member.id}", spec, {"study": told})

    def _is_done(self, study: Study, state: MemberState) -> bool:
        return state.trained and not state.failure and self._splits(study, state) <= state.measured

    def _splits(self, study: Study, state: MemberState) -> frozenset[str]:
        """The splits that a member can be measured on."""
        spec = study.project if study.kind != SWEEP or state.run is None else state.run.spec()
        key = (spec.datasets, spec.data)
        if key not in self._known_splits:
            data = open_data(spec, self._project_folder)
            self._known_splits[key] = frozenset(split for split in SPLITS if data.items(split))
        return self._known_splits[key]

    def _check_data(self, study: Study) -> None:
        if fingerprint(study.project, self._project_folder) != study.fingerprint:
            raise StudioError(
                mark("the data has changed since this study was planned: its runs could not be compared"),
                where=self._folder.id, fix=mark("Start a new study."),
            )  # fmt: skip

    def _finish(self, study: Study) -> StudyFinished:
        states = self._folder.states()
        failures = sum(bool(state.failure) for state in states)
        if all(state.failure or self._is_done(study, state) for state in states):
            status = FAILED if failures else FINISHED
        else:
            status = STOPPED
        self._folder.update(status=status)
        if status != STOPPED:
            dequeue(self._folder)
        return StudyFinished(now(), self._folder.id, status, failures)


@dataclass(frozen=True)
class _Task:
    """A member at work."""

    study: Study
    state: MemberState
    number: int
    members: int

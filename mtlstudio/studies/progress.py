"""How far a study is and when it will end, from its own events. Pure: the clock is that of the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mtlstudio.runs.events import EpochFinished, Event, RunStarted, StepsMeasured
from mtlstudio.studies.events import (
    MemberFailed,
    MemberFinished,
    MemberMeasuring,
    MemberStarted,
    StudyEvent,
    StudyFinished,
    StudyStarted,
)
from mtlstudio.studies.study import Study

STARTING, TRAINING, MEASURING, DONE = "starting", "training", "measuring", "done"
_TELLING_SHARE = 0.02
"""A smaller share of a training says nothing of its length: the first steps are slow."""


@dataclass(frozen=True)
class StudyProgress:
    """Where a study stands.

    Attributes:
        number: 1-based place of the member under way, of `members`; 0 before the first.
        role, changes_label, seed, run: of the member under way.
        phase: starting, training, measuring, done.
        epoch, epochs: finished, and how many the member under way is to have.
        share: of the whole study, 0 … 1.
        seconds_left: estimated; None while nothing is known.
        time: of the event that said so.
    """

    study: str
    members: int = 0
    number: int = 0
    role: str = ""
    changes_label: str = ""
    seed: int = 0
    run: str = ""
    phase: str = STARTING
    epoch: int = 0
    epochs: int = 0
    share: float = 0.0
    seconds_left: float | None = None
    time: float = 0.0


class Reckoner:
    """Follows the events of a study and of its trainings.

    Args:
        study_id: of the study.
        study: its plan.
        done: member id -> seconds that it took, of those that are done; None where that is not known.
    """

    def __init__(self, study_id: str, study: Study, done: Mapping[str, float | None]) -> None:
        self._study, self._done = study, dict(done)
        self._current = ""
        self._began = self._last = 0.0
        self._steps = self._step = 0
        self.progress = StudyProgress(study_id, len(study.members))

    def take(self, event: StudyEvent | Event) -> StudyProgress:
        """Takes the next event and says where the study stands now."""
        self._last = event.time
        if isinstance(event, MemberStarted):
            self._begin(event)
        elif isinstance(event, RunStarted):
            self._steps, self._step = event.epochs * event.steps_per_epoch, event.step
            self._said(phase=TRAINING, epoch=event.epoch, epochs=event.epochs)
        elif isinstance(event, StepsMeasured):
            self._step = event.step
        elif isinstance(event, EpochFinished):
            self._step = event.step
            self._said(epoch=event.epoch, epochs=event.epochs)
        elif isinstance(event, MemberMeasuring):
            self._step = self._steps
            self._said(phase=MEASURING)
        elif isinstance(event, MemberFinished | MemberFailed):
            self._end(event)
        elif isinstance(event, StudyStarted):
            self._said(members=event.members)
        elif isinstance(event, StudyFinished):
            self._said(phase=DONE)
        self._said(share=self._share(), seconds_left=self._left(), time=event.time)
        return self.progress

    def _begin(self, event: MemberStarted) -> None:
        member = self._study.member(event.member)
        self._current, self._began, self._steps, self._step = event.member, event.time, 0, 0
        label = member.label if member.changes else ""
        self._said(
            number=event.number, members=event.members, role=member.role, changes_label=label, seed=event.seed,
            run=event.run, phase=STARTING, epoch=0, epochs=0,
        )  # fmt: skip

    def _end(self, event: MemberFinished | MemberFailed) -> None:
        known = event.time - self._began if self._current == event.member else None
        self._done[event.member] = known if isinstance(event, MemberFinished) else None
        self._current = ""

    def _own_share(self) -> float:
        """Of the member under way."""
        return min(1.0, self._step / self._steps) if self._steps else 0.0

    def _share(self) -> float:
        if not self._study.members:
            return 1.0
        return (len(self._done) + (self._own_share() if self._current else 0.0)) / len(self._study.members)

    def _left(self) -> float | None:
        """Members that were not begun take as long as others of their kind did; else as long as the mean; else as the
        one under way will have taken."""
        waiting = [m for m in self._study.members if m.id not in self._done and m.id != self._current]
        left, whole = 0.0, None
        if self._current:
            elapsed, share = self._last - self._began, self._own_share()
            expected = self._expected(self._current)
            whole = elapsed / share if share >= _TELLING_SHARE else expected
            if whole is None:
                return None
            left = max(0.0, whole - elapsed)
        for member in waiting:
            expected = self._expected(member.id)
            one = whole if expected is None else expected
            if one is None:
                return None
            left += one
        return left

    def _expected(self, member_id: str) -> float | None:
        member = self._study.member(member_id)
        alike = {m.id for m in self._study.members if (m.role, m.changes) == (member.role, member.changes)}
        known = {one: seconds for one, seconds in self._done.items() if seconds is not None}
        found = [seconds for one, seconds in known.items() if one in alike] or list(known.values())
        return sum(found) / len(found) if found else None

    def _said(self, **changes: object) -> None:
        self.progress = replace(self.progress, **changes)  # type: ignore[arg-type]

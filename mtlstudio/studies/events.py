"""What a study says while it runs, between the events of its trainings: frozen and picklable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StudyEvent:
    """Something that happened in a study; `time`: seconds since the epoch of the clock."""

    time: float
    study: str


@dataclass(frozen=True)
class StudyStarted(StudyEvent):
    """The first event. `done` of `members` were trained and measured before."""

    members: int
    done: int


@dataclass(frozen=True)
class MemberStarted(StudyEvent):
    """A member is trained now, or goes on.

    Attributes:
        label: its role, or what the point of a sweep sets.
        number: 1-based place in the plan, of `members`.
        resumed: it goes on from its newest checkpoint.
    """

    member: str
    label: str
    seed: int
    run: str
    number: int
    members: int
    resumed: bool


@dataclass(frozen=True)
class MemberMeasuring(StudyEvent):
    """A member is measured on a split at the pictures' own size."""

    member: str
    split: str
    pictures: int


@dataclass(frozen=True)
class MemberFinished(StudyEvent):
    """A member is trained and measured."""

    member: str
    run: str
    number: int
    members: int


@dataclass(frozen=True)
class MemberFailed(StudyEvent):
    """A member could not be trained or measured; the rest is done all the same. `reason` in words, translated."""

    member: str
    label: str
    seed: int
    reason: str


@dataclass(frozen=True)
class StudyFinished(StudyEvent):
    """The last event. `status`: finished, stopped (it can go on) or failed (`failures` members did)."""

    status: str
    failures: int

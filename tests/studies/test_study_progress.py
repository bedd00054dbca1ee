"""How far a study is and when it ends."""

from __future__ import annotations

import pytest

from mtlstudio.runs.events import EpochFinished, RunStarted, StepsMeasured
from mtlstudio.studies.events import MemberFailed, MemberFinished, MemberMeasuring, MemberStarted, StudyStarted
from mtlstudio.studies.progress import MEASURING, TRAINING, Reckoner
from mtlstudio.studies.study import BASELINES, SHARED, Member, Study, alone
from tests.training.small import project

MEMBERS = (
    Member("shared_s0", SHARED, 0), Member("a_s0", alone("mask"), 0),
    Member("shared_s1", SHARED, 1), Member("a_s1", alone("mask"), 1),
)  # fmt: skip


def reckoner(**done: float | None) -> Reckoner:
    return Reckoner("baselines-001", Study(BASELINES, project(), "", MEMBERS), done)


def begin(at: float, number: int) -> MemberStarted:
    member = MEMBERS[number - 1]
    return MemberStarted(at, "baselines-001", member.id, member.label, member.seed, f"run-{number}", number, 4, False)


def run_started(at: float, steps: int = 10, epochs: int = 10) -> RunStarted:
    return RunStarted(at, "run", 0, 0, epochs, steps, "cpu", 1, "fp32", ("mask",), 10)


def steps(at: float, step: int) -> StepsMeasured:
    return StepsMeasured(at, step, 0, {}, (1.0,), {}, 0.1, 1.0)


def end(at: float, number: int) -> MemberFinished:
    return MemberFinished(at, "baselines-001", MEMBERS[number - 1].id, f"run-{number}", number, 4)


def test_nothing_is_foretold_before_anything_is_known() -> None:
    found = reckoner()
    assert found.take(StudyStarted(0.0, "baselines-001", 4, 0)).seconds_left is None
    assert found.take(begin(1.0, 1)).seconds_left is None
    assert found.progress.number == 1 and found.progress.members == 4


def test_the_member_under_way_foretells_the_others_until_one_of_their_kind_is_done() -> None:
    found = reckoner()
    found.take(begin(0.0, 1))
    found.take(run_started(0.0))
    told = found.take(steps(25.0, 25))  # a quarter in 25 s: 75 s of this one, and three more of 100 s
    assert told.seconds_left == pytest.approx(75 + 3 * 100)
    assert told.share == pytest.approx(0.25 / 4)
    found.take(end(100.0, 1))
    found.take(begin(100.0, 2))
    found.take(run_started(100.0))
    found.take(end(110.0, 2))
    told = found.take(begin(110.0, 3))  # its kind took 100 s, the last one's 10 s
    assert told.seconds_left == pytest.approx(100 + 10)
    assert told.share == pytest.approx(2 / 4)


def test_a_resumed_study_knows_what_its_members_took_before() -> None:
    found = reckoner(shared_s0=60.0, a_s0=20.0)
    assert found.take(begin(0.0, 3)).seconds_left == pytest.approx(60 + 20)


def test_a_failed_member_counts_as_done_but_tells_nothing_of_time() -> None:
    found = reckoner(shared_s0=60.0)
    found.take(begin(0.0, 2))
    told = found.take(MemberFailed(2.0, "baselines-001", "a_s0", "alone:mask", 0, "why"))
    assert told.share == pytest.approx(2 / 4)
    assert told.seconds_left == pytest.approx(60 + 60)


def test_phase_and_epoch_are_those_of_the_member_under_way() -> None:
    found = reckoner()
    found.take(begin(0.0, 2))
    told = found.take(run_started(0.0, epochs=7))
    assert (told.phase, told.epoch, told.epochs, told.role, told.seed) == (TRAINING, 0, 7, "alone:mask", 0)
    told = found.take(EpochFinished(3.0, 10, 1, 7, {}, {}, {}, None, True, (), 3.0, 18.0))
    assert (told.epoch, told.epochs) == (1, 7)
    assert found.take(MemberMeasuring(9.0, "baselines-001", "a_s0", "val", 5)).phase == MEASURING

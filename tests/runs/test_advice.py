"""Advice: given where the figures call for it, and not where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mtlstudio.project.problems import declared
from mtlstudio.runs import advice
from mtlstudio.runs.advice import Evidence
from mtlstudio.runs.events import EpochFinished, Event, GradientsMeasured, RunStarted, StepsMeasured
from mtlstudio.runs.interactions import Interactions
from tests.project.building import project

TASKS = ("a", "b", "c")


def evidence(*events: Event) -> Evidence:
    spec = project({task: f"image stem head_{task}" for task in TASKS})
    found = Evidence(spec, Interactions(TASKS))
    found.interactions.take(events)
    found.take(events)
    return found


def codes(found: Evidence) -> list[tuple[str, str]]:
    return [(problem.code, problem.place.id) for problem in found.advice()]


def steps(
    losses: dict[str, Sequence[float | None]], weights: dict[str, float] | None = None,
    lambdas: dict[str, float] | None = None,
) -> StepsMeasured:  # fmt: skip
    count = len(next(iter(losses.values())))
    own = weights or dict.fromkeys(TASKS, 1.0)
    values = {task: tuple(column) for task, column in losses.items()}
    return StepsMeasured(1.0, count, 0, values, (1.0,) * count, own, 0.1, 1.0, lambdas=lambdas or {})


def alike(count: int = 60, **other: Sequence[float | None]) -> dict[str, Sequence[float | None]]:
    return {task: other.get(task, [1.0] * count) for task in TASKS}


def epochs(train: dict[str, Sequence[float]], val: dict[str, Sequence[float]]) -> list[Event]:
    count = len(next(iter(train.values())))
    return [
        EpochFinished(
            1.0, 10 * (n + 1), n + 1, count, {task: train[task][n] for task in train}, {task: val[task][n] for task in val},
            {}, None, False, (), 1.0, 1.0,
        )
        for n in range(count)
    ]  # fmt: skip


def gradients(lengths: Sequence[float], cosine: float = 0.3, count: int = 8) -> list[Event]:
    rows = [[(x * y) * (1.0 if i == j else cosine) for j, y in enumerate(lengths)] for i, x in enumerate(lengths)]
    products = {"stem": tuple(map(tuple, rows))}
    return [GradientsMeasured(1.0, 50 * (n + 1), n, TASKS, dict.fromkeys(TASKS, 1.0), products) for n in range(count)]


FALLING = [1.0, 0.8, 0.6, 0.5, 0.4, 0.35, 0.3, 0.28]


def test_a_run_that_goes_well_gets_no_advice() -> None:
    fine = dict.fromkeys(TASKS, FALLING)
    assert not codes(evidence(steps(alike()), *epochs(fine, fine), *gradients((1.0, 2.0, 1.5))))
    assert not codes(evidence())


def test_a_loss_of_another_scale_is_named_with_its_factor() -> None:
    found = evidence(steps(alike(a=[40.0] * 60)))
    assert codes(found) == [(advice.LOUD, "a")]
    (problem,) = found.advice()
    assert problem.values["factor"] == "40" and "40 ×" in problem.text() and problem.fix_text()
    assert not codes(evidence(steps(alike(a=[40.0] * 60), {"a": 0.025, "b": 1.0, "c": 1.0})))  # λ makes up for it
    assert not codes(evidence(steps(alike(10, a=[40.0] * 10))))  # too few steps to say so


def test_missing_labels_are_counted() -> None:
    found = evidence(steps(alike(b=[1.0, None, None, 1.0, None] * 12)))
    assert codes(found) == [(advice.RARE_LABELS, "b")]
    assert found.advice()[0].values["share"] == "60%" and found.advice()[0].values["without"] == 36


def test_parts_of_the_gradient_that_are_tiny_or_huge() -> None:
    found = evidence(*gradients((10.0, 1.0, 0.1)))
    assert set(codes(found)) == {(advice.LARGE_SHARE, "a"), (advice.SMALL_SHARE, "c")}
    assert not codes(evidence(*gradients((10.0, 1.0, 0.1), count=4)))


def test_pairs_that_pull_apart_are_named_once() -> None:
    found = evidence(*gradients((1.0, 1.0, 1.0), cosine=-0.3))
    assert codes(found) == [(advice.PULL_APART, "stem")] * 3
    assert {problem.values["cosine"] for problem in found.advice()} == {"−0.30"}


def test_a_task_that_does_not_improve() -> None:
    flat = {**dict.fromkeys(TASKS, FALLING), "c": [1.0, 1.01, 0.99, 1.0, 0.99, 1.0, 1.02, 1.0]}
    assert codes(evidence(*epochs(flat, flat))) == [(advice.STANDS_STILL, "c")]


def test_a_task_that_is_learned_by_heart() -> None:
    rising = {**dict.fromkeys(TASKS, FALLING), "b": [1.0, 0.7, 0.6, 0.62, 0.7, 0.75, 0.8, 0.9]}
    train = dict.fromkeys(TASKS, FALLING)
    found = evidence(*epochs(train, rising))
    assert codes(found) == [(advice.OVERFITS, "b")]
    values = found.advice()[0].values
    assert (values["epoch"], values["best"], values["now"]) == (3, "0.6", "0.9")
    still = {**train, "b": [0.6] * 8}
    assert (advice.OVERFITS, "b") not in codes(evidence(*epochs(still, rising)))  # training has not gone on either


def test_a_weight_that_the_method_has_taken_away() -> None:
    equal, gone = dict.fromkeys(TASKS, 1.0), {"a": 1.0, "b": 1.0, "c": 0.001}
    found = evidence(steps(alike(), equal, equal), steps(alike(), gone, equal))
    assert codes(found) == [(advice.COLLAPSED, "c")]
    assert not codes(evidence(steps(alike(), equal), steps(alike(), gone)))  # set by hand: that is the user's will


def test_what_a_run_that_begins_anew_knew_is_forgotten() -> None:
    started = RunStarted(1.0, "run", 0, 0, 3, 4, "cpu", 1, "fp32", TASKS, 10)
    flat = dict.fromkeys(TASKS, [1.0] * 8)
    found = evidence(steps(alike(a=[40.0] * 60)), *epochs(flat, flat))
    assert codes(found)
    found.take([started])
    assert not codes(found)


@pytest.mark.parametrize(
    "code", [item for item in dir(advice) if isinstance(getattr(advice, item), str) and item.isupper()]
)
def test_every_code_has_a_sentence_and_a_remedy(code: str) -> None:
    sentence, fix = declared()[getattr(advice, code)]
    assert sentence and fix


def test_names_are_those_of_the_tasks() -> None:
    found = evidence(steps(alike(a=[40.0] * 60)))
    named = replace(found.spec, tasks=tuple(replace(task, name=f"Task {task.id}") for task in found.spec.tasks))
    found.spec = named
    assert found.advice()[0].text().startswith("Task a:")

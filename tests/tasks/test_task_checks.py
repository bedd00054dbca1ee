"""Every fault of a task is told, all at once, each with words and a place."""

from __future__ import annotations

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks.registry import bind, task_type, task_types


def _spec(type_id: str = "classification", losses: tuple[LossSpec, ...] = (), **parameters: object) -> TaskSpec:
    values = {"class_names": ("a", "b"), **parameters}
    return TaskSpec("t", "T", type_id, parameters=FrozenDict(values), losses=losses)


def _codes(spec: TaskSpec) -> list[str]:
    found = task_type(spec.type).check(spec)
    for problem in found:
        assert problem.text() and problem.fix_text() and "{" not in problem.line()
        assert (problem.place.kind, problem.place.id) == ("task", "t") and problem.place.field
    return [problem.code for problem in found]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (_spec(class_names=()), "task.no_names"),
        (_spec(class_names=("a",)), "task.one_class"),
        (_spec(class_names=("a", "b", "a ")), "task.name_twice"),
        (_spec(class_names=("a", " ")), "task.name_empty"),
        (_spec(class_names="ab"), "task.wrong_parameter"),
        (_spec(number=3), "task.unknown_parameter"),
        (_spec(losses=(LossSpec("dice"),)), "task.unknown_loss"),
        (_spec(losses=(LossSpec("focal", 0.5), LossSpec("focal"))), "task.loss_twice"),
        (_spec(losses=(LossSpec("focal", -1.0),)), "task.loss_weight"),
        (_spec(losses=(LossSpec("focal", float("nan")),)), "task.loss_weight"),
        (_spec(losses=(LossSpec("focal", 0.0),)), "task.no_loss"),
        (_spec(losses=(LossSpec("focal", 1.0, FrozenDict(gamma=-2)),)), "task.wrong_parameter"),
        (_spec(losses=(LossSpec("focal", 1.0, FrozenDict(beta=2)),)), "task.unknown_parameter"),
        (TaskSpec("t", "T", "depth", metrics=("accuracy",)), "task.unknown_metric"),
        (TaskSpec("t", "T", "depth", parameters=FrozenDict(minimum=5.0, maximum=2.0)), "task.wrong_range"),
        (_spec("segmentation", class_colours=("red",)), "task.wrong_colour"),
        (_spec("segmentation", class_colours=("", "", "#000000")), "task.too_many"),
        (_spec("segmentation", ignore_index=-1), "task.wrong_parameter"),
        (_spec("segmentation", ignore_index=1), "task.ignored_class"),
        (TaskSpec("t", "T", "regression", parameters=FrozenDict(roles=("depth",))), "task.wrong_role"),
        (TaskSpec("t", "T", "regression", parameters=FrozenDict(units=("m", "s"))), "task.too_many"),
        (TaskSpec("t", "T", "regression", parameters=FrozenDict(value_names=())), "task.no_names"),
    ],
)
def test_a_fault_is_told(spec: TaskSpec, code: str) -> None:
    assert code in _codes(spec)


def test_all_faults_are_told_at_once() -> None:
    losses = (LossSpec("magic"), LossSpec("focal", -1.0, FrozenDict(gamma="x")))
    found = _codes(_spec(class_names=("a", "a", ""), number=1, losses=losses))
    assert len(found) >= 6 and len(set(found)) == len(found)


def test_an_ignored_class_is_only_a_warning() -> None:
    (problem,) = task_type("segmentation").check(_spec("segmentation", ignore_index=0))
    assert problem.severity == Severity.WARNING


@pytest.mark.parametrize("type_id", [type_.id for type_ in task_types(offered_only=False)])
def test_a_new_task_of_named_classes_has_no_fault(type_id: str) -> None:
    known = {parameter.name for parameter in task_type(type_id).parameters}
    parameters = FrozenDict(class_names=("a", "b")) if "class_names" in known else FrozenDict()
    assert task_type(type_id).check(TaskSpec("t", "T", type_id, parameters=parameters)) == []


@pytest.mark.parametrize("spec", [_spec(class_names=7), _spec(losses=(LossSpec("dice"),))])
def test_a_faulty_task_cannot_be_bound(spec: TaskSpec) -> None:
    with pytest.raises(StudioError):
        bind(spec)

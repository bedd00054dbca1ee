"""Plans: what is trained, and with what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.network.analyze import analyze
from mtlstudio.network.templates.registry import templates
from mtlstudio.project.fields import set_fields
from mtlstudio.project.spec import StageSpec
from mtlstudio.studies.plan import alone_spec, baselines, member_spec, several_seeds, sweep
from mtlstudio.studies.study import study_from_json, study_to_json
from tests.training.small import TASKS, project


def test_baselines_are_the_network_as_it_is_and_every_task_alone_seed_by_seed(tmp_path: Path) -> None:
    study = baselines(project(seed=5), tmp_path, 2)
    assert [(member.role, member.seed) for member in study.members] == [
        (role, seed) for seed in (5, 6) for role in ("shared", "alone:largest", "alone:mask", "alone:count")
    ]
    assert len({member.id for member in study.members}) == 8
    shared = member_spec(study, study.member("shared_s6"))
    assert shared == replace(project(), training=replace(project().training, seed=6))


def test_a_task_alone_has_its_own_way_its_loss_unweighted_and_the_same_budget(tmp_path: Path) -> None:
    spec = set_fields(project(epochs=7), [
        ("tasks.mask.loss_weight", "0.2"), ("tasks.mask.weight_schedule", "0:1, 3:0"), ("training.balancing.method", "uncertainty"),
        ("training.best", "count.mae"),
    ])  # fmt: skip
    alone = alone_spec(spec, "mask")
    assert alone.task_ids == ("mask",)
    assert {layer.id for layer in alone.network.layers} == {"input", "stem", "drop", "mask_head"}
    assert (alone.tasks[0].loss_weight, alone.tasks[0].weight_schedule) == (1.0, ())
    assert alone.training.balancing.method == "equal"
    assert alone.training.best == "loss"
    assert replace(alone.training, balancing=spec.training.balancing, best=spec.training.best) == spec.training
    assert alone.data == spec.data


@pytest.mark.parametrize("template", [item.id for item in templates()])
def test_every_task_of_every_template_can_be_trained_alone(template: str) -> None:
    chosen = next(item for item in templates() if item.id == template)
    spec = project()
    if chosen.lacks(spec):
        pytest.skip(chosen.lacks(spec))
    spec = spec.with_network(chosen.build(spec))
    total = analyze(spec).total.parameters
    for task in TASKS:
        found = analyze(alone_spec(spec, task))
        assert [problem.line() for problem in found.errors] == []
        assert 0 < found.total.parameters <= total


def test_a_single_task_has_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="nothing is shared"):
        baselines(alone_spec(project(), "mask"), tmp_path, 1)
    with pytest.raises(StudioError, match="at least one seed"):
        baselines(project(), tmp_path, 0)


def test_a_sweep_is_a_grid_over_any_fields_and_the_split_point(tmp_path: Path) -> None:
    axes = [("training.batch_size", ("4", "8")), ("network.split", ("0", "stem"))]
    study = sweep(project(), tmp_path, axes, 2)
    assert len(study.members) == 8 and len(study.points) == 4
    found = [member_spec(study, member) for member in study.members[:4]]
    assert [spec.training.batch_size for spec in found] == [4, 4, 8, 8]
    stems = [sum(layer.type == "convolution" for layer in spec.network.layers) for spec in found]
    assert stems == [2, 1, 2, 1]  # two of the tasks share their pooled features still


@pytest.mark.parametrize(
    ("field", "values", "told"),
    [
        ("training.nothing", ("1",), "there is no 'nothing' here"),
        ("training.batch_size", ("many",), "many"),
        ("training.batch_size", (), "has no values"),
        ("network.split", ("mask_head",), "the trunk cannot end at 'mask_head'"),
        ("network.split", ("99",), "no counterpart"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_before_anything_is_trained(
    tmp_path: Path, field: str, values: tuple[str, ...], told: str
) -> None:
    with pytest.raises(StudioError, match=told):
        sweep(project(), tmp_path, [(field, values)], 1)


def test_a_plan_survives_the_disk(tmp_path: Path) -> None:
    for study in (
        baselines(project(), tmp_path, 2), several_seeds(project(), tmp_path, 3),
        sweep(project(), tmp_path, [("tasks.mask.weight_schedule", ("0:1, 3:0", "0:1"))], 1),
    ):  # fmt: skip
        assert study_from_json(study_to_json(study), "study.json") == study


@pytest.mark.parametrize(
    ("change", "told"),
    [({"format": "x"}, "not the file of a study"), ({"version": 99}, "newer version"), ({"members": [{}]}, "damaged")],
)
def test_a_foreign_newer_or_damaged_file_is_refused(tmp_path: Path, change: dict[str, object], told: str) -> None:
    with pytest.raises(StudioError, match=told):
        study_from_json({**study_to_json(baselines(project(), tmp_path, 1)), **change}, "study.json")


def test_a_task_alone_is_trained_throughout_whatever_the_stages_of_all() -> None:
    spec = project(epochs=1, strategy=(StageSpec("Mask", tasks=("mask",)), StageSpec("Rest", trains="branches")))
    spec = replace(spec, tasks=tuple(replace(task, state="muted") for task in spec.tasks))
    single = alone_spec(spec, "mask")
    assert single.training.strategy == () and [task.state for task in single.tasks] == ["trained"]

"""Methods beside one another over the same baselines; the time a study will take; what can be swept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import set_language
from mtlstudio.project import files
from mtlstudio.project.fields import set_field
from mtlstudio.studies.axes import axis, field_choices, parted
from mtlstudio.studies.durations import BOUND, GUESSED, MEASURED, UNKNOWN, duration_of
from mtlstudio.studies.folder import StudyFolder, create_study
from mtlstudio.studies.methods import METHOD_FIELD, methods_beside
from mtlstudio.studies.plan import baseline_members, seed_members, sweep
from mtlstudio.studies.publish import current_answer, publish
from mtlstudio.studies.queue import enqueue, leave, queued
from mtlstudio.studies.runner import StudyRunner
from mtlstudio.studies.study import BASELINES, SEEDS, Study
from tests.training.small import project


def run(study: StudyFolder) -> None:
    for _ in StudyRunner(study).run():
        pass


def test_the_first_method_is_the_network_itself_with_the_figures_of_the_answer(finished: StudyFolder) -> None:
    answer = publish(finished, draws=20)
    (own,) = methods_beside(finished)
    assert own.label == "Fixed λ" and len(own.runs) == 2
    for task in answer.tasks:
        assert task.gain is not None
        assert own.tasks[task.id].mean == pytest.approx(task.gain.value, rel=1e-12)
        assert own.tasks[task.id].sd == pytest.approx(task.gain.sd, rel=1e-12)
    assert answer.per_task is not None and answer.per_metric is not None
    assert own.per_task is not None and own.per_metric is not None
    assert own.per_task.mean == pytest.approx(answer.per_task.value, rel=1e-12)
    assert own.per_metric.mean == pytest.approx(answer.per_metric.value, rel=1e-12)


def test_a_sweep_over_the_same_data_stands_beside_it_and_one_over_other_data_does_not(copied: StudyFolder) -> None:
    folder, spec = copied.project_folder, copied.study().project
    run(create_study(folder, sweep(spec, folder, [(METHOD_FIELD, ("uncertainty",))], 1)))
    fewer = replace(spec.datasets[0], parameters=spec.datasets[0].parameters.with_(count=48))
    other = replace(spec, datasets=(fewer,))
    run(create_study(folder, sweep(other, folder, [(METHOD_FIELD, ("equal",))], 1)))
    own, beside = methods_beside(copied)
    assert (own.study, beside.study, beside.label) == ("baselines-001", "sweep-001", "Uncertainty")
    assert set(beside.tasks) == set(own.tasks) and beside.also == ()
    assert all(one.sd is None for one in beside.tasks.values())


def test_what_a_method_differs_in_besides_is_named(copied: StudyFolder) -> None:
    folder = copied.project_folder
    spec = set_field(copied.study().project, "training.batch_size", "8")
    run(create_study(folder, sweep(spec, folder, [(METHOD_FIELD, ("uncertainty",))], 1)))
    assert methods_beside(copied)[1].also == ("training.batch_size",)


def test_the_written_answer_is_taken_until_something_changes(copied: StudyFolder) -> None:
    publish(copied, draws=20)
    written = copied.path / "answer.json"
    marked = {**json.loads(written.read_text()), "headline": "as written"}
    written.write_text(json.dumps(marked))
    assert current_answer(copied, draws=20)["headline"] == "as written"
    set_language("zh_CN")
    assert current_answer(copied, draws=20)["language"] == "zh_CN"
    set_language("en")
    written.write_text(json.dumps(marked))
    gone = next(state for state in copied.states() if state.run is not None)
    assert gone.run is not None
    gone.run.path.rename(copied.path / "away")
    assert current_answer(copied, draws=20)["headline"] != "as written"


def test_a_study_that_is_left_is_not_offered_but_can_be_put_back(tmp_path: Path) -> None:
    files.save(tmp_path, project())
    first, second = (create_study(tmp_path, Study(SEEDS, project(), "x", seed_members(project(), n))) for n in (1, 2))
    enqueue(first)
    enqueue(second)
    leave(first)
    assert [one.id for one in queued(tmp_path)] == [second.id] and first.status() == "left"
    enqueue(first, 0)
    assert [one.id for one in queued(tmp_path)] == [first.id, second.id] and first.status() == "waiting"


def test_time_is_foretold_from_runs_just_like_these(finished: StudyFolder) -> None:
    spec = finished.study().project
    plan = Study(BASELINES, spec, "", baseline_members(spec, 3))
    seconds = {
        state.member.role: state.run.summary().seconds for state in finished.states() if state.run is not None
    }  # of each role the newest: seeds come one after the other
    found = duration_of(finished.project_folder, plan)
    assert found.basis == MEASURED and found.seconds == pytest.approx(3 * sum(seconds.values()))
    longer = replace(spec, training=replace(spec.training, epochs=5))
    found = duration_of(finished.project_folder, Study(BASELINES, longer, "", baseline_members(longer, 1)))
    assert found.seconds == pytest.approx(5 * sum(seconds.values()))


def test_the_whole_network_bounds_a_task_alone_and_other_networks_are_a_guess(
    copied: StudyFolder, tmp_path: Path
) -> None:
    spec = copied.study().project
    for state in copied.states():
        if state.member.task and state.run is not None:
            state.run.path.rename(tmp_path / state.run.id)
    plan = Study(BASELINES, spec, "", baseline_members(spec, 1))
    assert duration_of(copied.project_folder, plan).basis == BOUND
    larger = replace(spec, data=replace(spec.data, image_size=64))
    assert duration_of(copied.project_folder, replace(plan, project=larger)).basis == GUESSED
    assert duration_of(tmp_path / "nowhere", plan) == duration_of(tmp_path / "elsewhere", plan)
    assert duration_of(tmp_path / "nowhere", plan).basis == UNKNOWN


def test_values_are_parted_where_a_person_parts_them() -> None:
    assert parted(" 0.5, 1,1 ，2") == ("0.5", "1", "2")
    assert parted("[1, 2], [3]") == ("[1, 2]", "[3]")
    assert axis("training.batch_size=4,8") == ("training.batch_size", ("4", "8"))
    with pytest.raises(StudioError):
        axis("training.batch_size")


def test_whatever_is_offered_for_a_sweep_can_be_swept(tmp_path: Path) -> None:
    spec = project()
    choices = field_choices(spec)
    assert {"tasks.mask.loss_weight", "network.split", METHOD_FIELD} <= {choice.path for choice in choices}
    for choice in choices:
        assert sweep_is_fine(spec, choice.path, parted(choice.example)), choice


def sweep_is_fine(spec: object, path: str, values: tuple[str, ...]) -> bool:
    from mtlstudio.studies.plan import sweep_members

    return len(sweep_members(spec, [(path, values)], 2)) == 2 * len(values)  # type: ignore[arg-type]

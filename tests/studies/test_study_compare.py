"""Side by side: only what can be compared is compared, and Δm is over the baselines of the same data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.project.fields import set_fields
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.delta import delta
from mtlstudio.runs.folder import create_run
from mtlstudio.runs.keeping import pin
from mtlstudio.studies.compare import Known, compare
from mtlstudio.studies.folder import StudyFolder, create_study
from mtlstudio.studies.metrics import directions
from mtlstudio.studies.plan import alone_spec, several_seeds, sweep
from mtlstudio.studies.publish import publish
from mtlstudio.studies.runner import StudyRunner
from mtlstudio.studies.sweeping import result
from tests.training.small import TASKS, project, trained


def small() -> ProjectSpec:
    return project(count=60, epochs=1, missing=0.2)


def worked(study: StudyFolder) -> StudyFolder:
    for _ in StudyRunner(study).run():
        pass
    return study


def test_runs_of_the_same_data_stand_together_with_their_gain_over_the_baselines(copied: StudyFolder) -> None:
    folder = copied.project_folder
    own = trained(folder, set_fields(small(), [("training.batch_size", "8")]), "own")
    found = compare(folder)
    (group,) = found.groups
    assert len(group.runs) == 9 and group.baselines == copied.id
    assert group.compared == ("baselines_001_shared_s0", "baselines_001_shared_s1", own.id)
    assert {change.field for change in group.settings} == {"training.batch_size", "training.seed"}
    entry = next(entry for entry in found.entries if entry.run.id == own.id)
    assert entry.unlike_baselines == ("training.batch_size",)
    means: dict[str, dict[str, float | None]] = {}
    for other in found.entries:
        if other.info.is_baseline:
            assert other.delta is None and other.rank is None
            for metric, value in other.values[other.spec.tasks[0].id].items():
                assert value is not None
                kept = means.setdefault(other.spec.tasks[0].id, {})
                kept[metric] = (kept.get(metric) or 0.0) + value / 2
    wanted = delta(entry.values, means, directions(entry.spec.tasks))
    assert entry.delta is not None
    assert entry.delta.per_task == pytest.approx(wanted.per_task)
    assert entry.delta.per_metric == pytest.approx(wanted.per_metric)
    ranks = [entry.rank for entry in found.entries if entry.rank is not None]
    assert len(ranks) == 3 and sum(ranks) == pytest.approx(6.0)


def test_the_rows_of_a_study_are_means_over_its_seeds(finished: StudyFolder) -> None:
    found = compare(finished.project_folder)
    rows = {row.label: row for row in found.rows}
    assert set(rows) == {"shared", *(f"alone:{task}" for task in TASKS)}
    shared = [entry for entry in found.entries if entry.info.study["role"] == "shared"]
    spread = rows["shared"].values["mask"]["mean_iou"]
    values = [entry.values["mask"]["mean_iou"] for entry in shared]
    assert None not in values and spread.n == 2
    assert spread.mean == pytest.approx(sum(value for value in values if value is not None) / 2)
    assert rows["shared"].per_task is not None and rows["alone:mask"].per_task is None


def test_other_data_another_size_and_an_unstarted_run_are_told_not_compared(tmp_path: Path) -> None:
    trained(tmp_path, project(epochs=1), "first")
    trained(tmp_path, project(epochs=1, count=30), "other data")
    trained(tmp_path, set_fields(project(epochs=1), [("data.image_size", "16")]), "smaller")
    trained(tmp_path, alone_spec(project(epochs=1), "mask"), "mask alone")
    trained(tmp_path, project(epochs=1), "last")
    create_run(tmp_path, "unstarted", project())
    found = compare(tmp_path)
    notes = {entry.info.name: entry.note for entry in found.entries}
    assert [set(group.runs) for group in found.groups if len(group.runs) > 1] == [{"first", "last"}]
    assert len(found.groups) == 4
    assert notes["unstarted"] == "no epoch is finished yet"
    assert {len({notes["first"], notes["last"]}), len(notes)} == {1, 6}
    assert all(entry.delta is None for entry in found.entries), "there are no baselines"


def test_the_document_is_json_and_tells_verdicts_of_answered_studies(copied: StudyFolder) -> None:
    before = compare(copied.project_folder).as_json()
    assert before["studies"][0]["headline"] is None and before["studies"][0]["verdicts"] == {}
    publish(copied, draws=50)
    document = json.loads(json.dumps(compare(copied.project_folder).as_json()))
    (study,) = document["studies"]
    assert study["study"] == copied.id and set(study["verdicts"]) == set(TASKS) and study["headline"]
    assert {"per_task", "per_metric", "left_out"} <= set(document["runs"][0]["delta_m"])
    assert document["groups"][0]["split"] == "val"


def test_a_folder_without_runs_compares_nothing(tmp_path: Path) -> None:
    found = compare(tmp_path)
    assert (found.entries, found.groups, found.rows) == ((), (), ())


def test_a_sweep_ranks_its_points_by_validation_and_tells_the_test_of_the_best_alone(tmp_path: Path) -> None:
    axes = [("training.optimizer.learning_rate", ("0.02", "0.000001"))]
    spec = project(count=60, epochs=4)
    study = worked(create_study(tmp_path, sweep(spec, tmp_path, axes, 2)))
    found = result(study)
    assert found.comparable and [point.rank for point in found.points] == [1, 2] and found.best == 0
    scores = [point.score for point in found.points]
    assert None not in scores and sum(score for score in scores if score is not None) == pytest.approx(0, abs=1e-6)
    document = found.as_json()
    assert "test" in document["points"][0] and "test" not in document["points"][1]
    assert document["points"][1]["changes"] == {"training.optimizer.learning_rate": "0.000001"}
    assert all(len(point.runs) == 2 and point.val["mask"]["mean_iou"].n == 2 for point in found.points)


def test_a_sweep_over_the_data_is_not_ranked(tmp_path: Path) -> None:
    study = worked(create_study(tmp_path, sweep(project(epochs=1), tmp_path, [("data.split_seed", ("0", "1"))], 1)))
    shares = worked(
        create_study(tmp_path, sweep(project(epochs=1), tmp_path, [("datasets.scenes.count", ("24", "40"))], 1))
    )
    assert result(study).comparable, "the sample scenes have splits of their own"
    found = result(shares)
    assert not found.comparable and found.best is None
    assert all(point.score is None and point.rank is None for point in found.points)


def test_a_sweep_goes_by_the_metric_that_best_goes_by(tmp_path: Path) -> None:
    spec = project(epochs=1, best="count.mae")
    axes = [("training.optimizer.learning_rate", ("0.02", "0.000001"))]
    found = result(worked(create_study(tmp_path, sweep(spec, tmp_path, axes, 1))))
    errors = [point.val["count"]["mae"].mean for point in found.points]
    assert [point.score for point in found.points] == [-error for error in errors]
    assert found.best == errors.index(min(errors)) and "count.mae" in found.rule


def test_several_seeds_are_one_row_and_nothing_measured_is_said(tmp_path: Path) -> None:
    waiting = create_study(tmp_path, several_seeds(project(epochs=1), tmp_path, 2))
    with pytest.raises(StudioError, match="none of the runs"):
        result(waiting)
    (point,) = result(worked(waiting)).points
    assert len(point.runs) == 2 and point.val["largest"]["accuracy"].n == 2
    assert point.changes == () and point.label == ""


def test_who_looks_often_reads_only_what_has_changed(copied: StudyFolder) -> None:
    known: Known = {}
    first = compare(copied.project_folder, known)
    again = compare(copied.project_folder, known)
    assert [one.info for one in again.entries] == [one.info for one in first.entries]
    assert all(one.summary is other.summary for one, other in zip(first.entries, again.entries, strict=True))
    changed = first.entries[0].run
    pin(changed, True)
    third = compare(copied.project_folder, known)
    assert [one.run.id for one in third.entries if one.info.pinned] == [changed.id]
    assert sum(one.summary is other.summary for one, other in zip(first.entries, third.entries, strict=True)) == 7

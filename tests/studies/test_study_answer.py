"""The answer: known truths are found, figures agree with independent ones, what cannot be said is not said."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, balanced_accuracy_score, mean_absolute_error

from mtlstudio.base.errors import StudioError
from mtlstudio.data.project import open_data
from mtlstudio.inspection.evaluate import evaluate
from mtlstudio.inspection.predictor import Predictor
from mtlstudio.network.trained import load_network
from mtlstudio.project.spec import MethodSpec, StageSpec
from mtlstudio.runs.statistics import resamples
from mtlstudio.studies.answer import Answer, Verdict
from mtlstudio.studies.estimates import Figures, combined, difference, gain, gain_per_task
from mtlstudio.studies.folder import StudyFolder, create_study
from mtlstudio.studies.measure import bound_tasks, resampled
from mtlstudio.studies.measured import Measured, PictureSums
from mtlstudio.studies.plan import baselines, several_seeds
from mtlstudio.studies.publish import publish
from mtlstudio.studies.reckon import reckon
from mtlstudio.studies.runner import StudyRunner
from mtlstudio.studies.words import headline, task_sentence
from tests.training.small import TASKS, project

PICTURES = 150


def right_or_wrong(share: float, seed: int) -> NDArray[np.bool_]:
    """Which of the pictures a network of that skill gets right; hard pictures are hard for all."""
    hardness = np.random.default_rng(0).random(PICTURES)
    luck = np.random.default_rng(seed).normal(0, 0.1, PICTURES)
    return np.asarray(hardness + luck < share)


def pretend(study: StudyFolder, skill: Callable[[str], float]) -> None:
    """Replaces what was measured of the class: each role gets that share of the pictures right."""
    for number, state in enumerate(study.states()):
        measured = study.measured(state.member.id, "test")
        assert measured is not None
        if "largest" not in measured.metrics:
            continue
        right = right_or_wrong(skill(state.member.role), number + 1)
        arrays = {}
        for picture, hit in enumerate(right):
            confusion = np.zeros((6, 6))
            confusion[picture % 6, picture % 6 if hit else (picture + 1) % 6] = 1
            arrays[picture] = confusion
        metrics = {**measured.metrics, "largest": dict.fromkeys(measured.metrics["largest"], float(right.mean()))}
        study.keep_measured(
            state.member.id,
            replace(
                measured, keys=tuple(str(picture) for picture in range(PICTURES)), metrics=metrics,
                sums={**measured.sums, "largest": {"confusion": PictureSums.of(arrays, (6, 6))}},
                present={**measured.present, "largest": PICTURES},
            ),
        )  # fmt: skip
    for state in study.states():  # the others saw the same pictures; they say nothing of the class
        measured = study.measured(state.member.id, "test")
        assert measured is not None
        study.keep_measured(state.member.id, replace(measured, keys=tuple(str(i) for i in range(PICTURES))))


@pytest.mark.parametrize(
    ("shared", "alone", "verdict"),
    [(0.85, 0.6, Verdict.HELPS), (0.6, 0.85, Verdict.HURTS), (0.7, 0.7, Verdict.SAME)],
)
def test_the_verdict_on_a_known_truth(copied: StudyFolder, shared: float, alone: float, verdict: Verdict) -> None:
    pretend(copied, lambda role: shared if role == "shared" else alone)
    answer = reckon(copied, draws=400)
    task = answer.tasks[0]
    assert (task.id, task.verdict, task.labels) == ("largest", verdict, PICTURES)
    found = task.main.difference
    assert found is not None and found.interval is not None
    assert found.interval.low < found.value < found.interval.high
    assert found.value == pytest.approx(shared - alone, abs=0.1)
    said = {Verdict.HELPS: "sharing helps", Verdict.HURTS: "train it separately", Verdict.SAME: "not distinguishable"}
    assert said[verdict] in task_sentence(task)
    assert ("Largest" in headline(answer).split("separately")[0]) or verdict is Verdict.SAME


def figures(shared: NDArray[np.float64], alone: NDArray[np.float64], higher: bool = True) -> Figures:
    """Of (S, N) values per picture: the metric is their mean."""
    counts = np.stack(list(resamples(shared.shape[1], 500, 0)))

    def of(values: NDArray[np.float64]) -> tuple[dict[int, float], dict[int, Any]]:
        means = {seed: float(row.mean()) for seed, row in enumerate(values)}
        return means, {seed: counts @ row / len(row) for seed, row in enumerate(values)}

    (together, together_draws), (apart, apart_draws) = of(shared), of(alone)
    return Figures("task", "metric", higher, together, apart, together_draws, apart_draws)


def test_an_interval_covers_no_difference_about_as_often_as_it_says() -> None:
    """Two equal methods; each training has its own luck, each picture its own difficulty."""
    dice, wrong, trials = np.random.default_rng(3), 0, 150
    for _ in range(trials):
        hardness = dice.normal(0, 0.2, 60)
        shared, alone = (
            0.5 + hardness + dice.normal(0, 0.03, (3, 1)) + dice.normal(0, 0.1, (3, 60)) for _ in range(2)
        )  # fmt: skip
        found = difference(figures(shared, alone))
        assert found is not None and found.interval is not None
        wrong += found.interval.above or found.interval.below
    assert wrong <= 0.1 * trials, "5 % are meant"


def test_pairing_pictures_finds_what_unpaired_figures_hide() -> None:
    hardness = np.random.default_rng(0).normal(0, 0.3, 100)
    found = difference(figures((hardness + 0.02)[None], hardness[None]))
    assert found is not None and found.interval is not None
    assert found.interval.above, "every single picture is better by 0.02, though pictures scatter by 0.3"


def test_scatter_between_seeds_widens_an_interval() -> None:
    base = np.random.default_rng(0).normal(0.5, 0.1, 80)
    offsets = np.asarray([[-0.1], [0.0], [0.1]])
    calm = difference(figures(np.stack([base + 0.05] * 3), np.stack([base] * 3)))
    wild = difference(figures(base + 0.05 + offsets, base + offsets))
    assert calm is not None and wild is not None and calm.interval is not None and wild.interval is not None
    assert calm.value == pytest.approx(wild.value)
    assert calm.interval.above and not wild.interval.above


def test_lower_is_better_turns_the_sign_and_gains_are_means_of_gains() -> None:
    error = figures(np.full((2, 10), 0.4), np.full((2, 10), 0.5), higher=False)
    score = figures(np.full((2, 10), 0.6), np.full((2, 10), 0.8))
    found = [
        difference(error),
        gain([error]),
        gain([score]),
        gain([error, score]),
        gain_per_task([[error, score], [error]]),
    ]
    values = [one.value for one in found if one is not None]
    assert values == pytest.approx([0.1, 20.0, -25.0, -2.5, 8.75])
    negative = figures(np.full((2, 10), 0.6), np.full((2, 10), -0.8))
    assert gain([negative]) is None and gain([negative, error]) == gain([error])
    assert combined([]) is None


@pytest.mark.filterwarnings("ignore:y_pred contains classes")
def test_resampled_metrics_are_scikit_learns_of_the_repeated_pictures(finished: StudyFolder) -> None:
    state = next(state for state in finished.states() if state.member.id == "shared_s1")
    assert state.run is not None
    measured = finished.measured("shared_s1", "test")
    assert measured is not None
    predictor = Predictor(load_network(state.run), "cpu")
    data = open_data(state.run.spec(), finished.project_folder)
    truths: dict[str, dict[int, Any]] = {task: {} for task in TASKS}
    said: dict[str, dict[int, Any]] = {task: {} for task in TASKS}
    for item in data.items("test"):
        reading = data.read(item)
        found: Any = predictor.predict(reading.image)
        number = measured.keys.index(f"{item.dataset}/{item.key}")
        for task, value in reading.targets.items():
            truths[task][number] = np.asarray(value).ravel()
            said[task][number] = np.ravel(found[task].index if task == "largest" else getattr(found[task], "values", 0))
    counts = list(resamples(len(measured.keys), 20, 5))
    bound = bound_tasks(state.run)
    drawn = resampled(bound["largest"], measured.sums["largest"], counts, ["accuracy", "balanced_accuracy"])
    errors = resampled(bound["count"], measured.sums["count"], counts, ["mae"])
    for number, often in enumerate(counts):

        def repeated(values: dict[int, Any], often: NDArray[np.int64] = often) -> NDArray[np.float64]:
            return np.concatenate([np.repeat(value, often[picture]) for picture, value in values.items()])

        true, guess = repeated(truths["largest"]), repeated(said["largest"])
        assert drawn["accuracy"][number] == pytest.approx(accuracy_score(true, guess))
        assert drawn["balanced_accuracy"][number] == pytest.approx(balanced_accuracy_score(true, guess))
        mae = mean_absolute_error(repeated(truths["count"]), repeated(said["count"]))
        assert errors["mae"][number] == pytest.approx(mae, rel=1e-4)


def test_what_is_measured_is_what_evaluate_says_and_survives_the_disk(finished: StudyFolder, tmp_path: Path) -> None:
    state = finished.states()[0]
    assert state.run is not None
    measured = finished.measured(state.member.id, "val")
    assert measured is not None
    told = evaluate(finished.project_folder, state.run, "val")
    assert measured.metrics == told.as_json()["tasks"] and measured.present == told.present
    everything = [np.ones(len(measured.keys), np.int64)]
    for task, bound in bound_tasks(state.run).items():
        names = [metric.id for metric in bound.type.metrics_offered]
        whole = resampled(bound, measured.sums[task], everything, names)
        assert {name: float(values[0]) for name, values in whole.items()} == pytest.approx(
            {name: told.metrics[task][name] for name in names}, nan_ok=True
        )
    measured.write(tmp_path, "again")
    again = Measured.read(tmp_path, "again")
    assert again is not None and replace(again, sums={}) == replace(measured, sums={})
    assert (again.sums["mask"]["confusion"].value == measured.sums["mask"]["confusion"].value).all()
    (tmp_path / "again.npz").write_bytes(b"no archive")
    with pytest.raises(StudioError, match="damaged"):
        Measured.read(tmp_path, "again")
    assert Measured.read(tmp_path, "other") is None


@pytest.fixture(scope="module")
def answer(finished: StudyFolder) -> Answer:
    return reckon(finished, draws=100)


def test_costs_are_those_of_the_shared_network_and_the_sum_of_the_others(answer: Answer) -> None:
    assert answer.separate.parameters == sum(costs.parameters for costs in answer.alone.values())
    assert answer.separate.macs == sum(costs.macs for costs in answer.alone.values())
    assert 0 < answer.shared.parameters < answer.separate.parameters
    times = [costs.seconds.mean for costs in answer.alone.values() if costs.seconds]
    assert answer.separate.seconds is not None and answer.separate.seconds.mean == pytest.approx(sum(times))


def test_delta_m_is_that_of_the_means_over_the_seeds(answer: Answer) -> None:
    gains = {}
    for task in answer.tasks:
        for metric in task.metrics:
            if metric.gain is not None and metric.shared and metric.alone:
                sign = 1 if metric.higher_is_better else -1
                assert metric.gain.value == pytest.approx(100 * sign * (metric.shared.mean / metric.alone.mean - 1))
                gains.setdefault(task.id, []).append(metric.gain.value)
    assert answer.per_metric is not None and answer.per_task is not None
    assert answer.per_metric.value == pytest.approx(np.mean([one for found in gains.values() for one in found]))
    assert answer.per_task.value == pytest.approx(np.mean([np.mean(found) for found in gains.values()]))


def test_the_runs_are_described_and_what_differs_is_named(answer: Answer, finished: StudyFolder) -> None:
    codes = {note.code for note in answer.notes}
    assert {"few_seeds", "best_epochs", "balancing"} <= codes
    assert not codes & {"steps", "early", "steered", "surroundings", "pictures", "no_test", "one_seed"}
    assert answer.environment["seeds"] == ("0", "1") and answer.environment["threads"] == ("1",)
    assert answer.environment["fingerprint"] == (finished.study().fingerprint,)
    assert {"torch", "python", "mtlstudio"} <= set(answer.environment)


def test_early_stops_a_rule_of_its_own_and_the_lack_of_a_test_are_named(tmp_path: Path) -> None:
    spec = project(
        count=24,
        epochs=6,
        patience=1,
        best="count.mae",
        balancing=MethodSpec("uncertainty"),
        optimizer=MethodSpec("sgd"),
        strategy=(StageSpec("Turns", order="batch"),),
    )
    spec = replace(
        spec,
        training=replace(spec.training, optimizer=replace(spec.training.optimizer, parameters=spec.training.optimizer.parameters.with_(learning_rate=0.0))),
    )  # fmt: skip
    study = create_study(tmp_path, baselines(spec, tmp_path, 1))
    for _ in StudyRunner(study).run():
        pass
    for state in study.states():
        (study.path / "measured" / f"{state.member.id}.test.json").unlink(missing_ok=True)
    found = {note.code: note.text for note in reckon(study, draws=20).notes}
    assert {"one_seed", "no_test", "best_rule", "early", "stages"} <= set(found)
    assert "count.mae" in found["best_rule"] and "Count" in found["best_rule"]


def test_what_has_no_figures_is_unknown_with_its_reason(tmp_path: Path) -> None:
    spec = project(epochs=1)
    data = replace(spec.datasets[0], targets=spec.datasets[0].targets.without("mask"))
    study = create_study(tmp_path, baselines(replace(spec, datasets=(data,)), tmp_path, 1))
    for _ in StudyRunner(study).run():
        pass
    answer = reckon(study, draws=50)
    mask = next(task for task in answer.tasks if task.id == "mask")
    assert mask.verdict is Verdict.UNKNOWN and "no training picture has a target" in mask.reason
    assert mask.gain is None and answer.failures.keys() == {"alone_mask_s0"}
    assert "nothing can be said" in task_sentence(mask) and "Mask" in headline(answer)
    assert answer.per_task is not None, "the other tasks count"
    assert publish(study, draws=50).failures == answer.failures


def test_only_a_measured_study_of_baselines_has_an_answer(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no study of baselines"):
        reckon(create_study(tmp_path, several_seeds(project(), tmp_path, 2)))
    with pytest.raises(StudioError, match="none of the runs"):
        reckon(create_study(tmp_path, baselines(project(), tmp_path, 1)))


def test_the_report_is_one_page_without_scripts_and_agrees_with_table_and_document(copied: StudyFolder) -> None:
    answer = publish(copied, draws=100)
    page = (copied.path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page and "http" not in page and "prefers-color-scheme: dark" in page
    assert headline(answer) in page and answer.environment["fingerprint"][0] in page

    class Balanced(HTMLParser):
        open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in ("meta", "br"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    document = json.loads((copied.path / "answer.json").read_text(encoding="utf-8"))
    rows = list(csv.DictReader((copied.path / "report.csv").read_text(encoding="utf-8").splitlines()))
    by_name = {(row["task"], row["metric"]): row for row in rows}
    for task, found in document["tasks"].items():
        for metric, one in found["metrics"].items():
            row = by_name[task, metric]
            assert float(row["shared_mean"]) == one["shared"]["mean"]
            assert float(row["difference_low"]) == one["difference"]["low"]
            assert row["verdict"] == one["verdict"]
    assert float(by_name["", "delta_m_per_task"]["gain_percent"]) == document["delta_m"]["per_task"]["value"]
    assert document["delta_m"]["conventions"]["per_task"].startswith("Δm per task")

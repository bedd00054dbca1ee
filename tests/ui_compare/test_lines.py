"""The lines of the table: folded seeds, filters, order."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder, RunInfo
from mtlstudio.runs.summary import RunSummary
from mtlstudio.studies.compare import Entry
from mtlstudio.ui.compare.differs import told
from mtlstudio.ui.compare.lines import DELTA, NAME, NO_STUDY, PARAMETERS, TIME, Filter, Order, cell, lines_of
from mtlstudio.ui.compare.rows import RunRow, row_of
from tests.training.small import project

SPEC = project()


def made(
    name: str, accuracy: float | None = None, *, study: str = "", role: str = "", seed: int = 0, seconds: float = 60.0,
    parameters: int = 1000, spec: ProjectSpec = SPEC, **info: object,
) -> RunRow:  # fmt: skip
    told = {"id": study, "role": role, "seed": seed, "changes": {}} if study else {}
    values = RunInfo(name, name, "finished", "2026", {}, seed=seed, study=told)
    summary = RunSummary("finished", 3, 3, 9, 3, seconds=seconds, parameters=parameters)
    entry = Entry(RunFolder(Path("runs") / name), replace(values, **info), summary, spec, None, {})  # type: ignore[arg-type]
    return replace(row_of(entry), metrics={"largest": accuracy})


ROWS = [
    made("c", 0.9, study="sweep-001", role="point", seed=1),
    made("b", 0.7, study="sweep-001", role="point", seed=0),
    made("own", 0.8, tags=["paper"], note="kept because"),
    made("alone_m1", None, study="baselines-001", role="alone:mask", seed=1, seconds=10, parameters=30),
    made("alone_l1", 0.5, study="baselines-001", role="alone:largest", seed=1, seconds=20, parameters=50),
    made("alone_m0", None, study="baselines-001", role="alone:mask", seed=0, seconds=30, parameters=30),
    made("alone_l0", 0.6, study="baselines-001", role="alone:largest", seed=0, seconds=40, parameters=50),
]


def keys(wanted: Filter = Filter(), order: Order = Order(), unfolded: set[str] = set(), **kind: object) -> list[str]:  # noqa: B006, B008
    return [line.key for line in lines_of(ROWS, wanted, order, unfolded, **kind)]  # type: ignore[arg-type]


def test_seeds_of_a_study_are_one_line_with_mean_and_sd() -> None:
    first = lines_of(ROWS, Filter(), Order(), ())[0]
    found = cell(first, "task:largest")
    assert first.is_group and first.folded and len(first.rows) == 2
    assert found.value == pytest.approx(statistics.mean([0.9, 0.7]))
    assert found.lesser == f"± {statistics.stdev([0.9, 0.7]):.3f}"
    assert cell(first, NAME).lesser == "2 seeds"


def test_the_single_task_networks_of_a_study_stand_together_with_their_sums() -> None:
    separate = lines_of(ROWS, Filter(), Order(), ())[-1]
    assert separate.separate and len(separate.rows) == 4
    assert cell(separate, PARAMETERS).value == 80  # one of each task
    assert cell(separate, TIME).value == pytest.approx((10 + 30) / 2 + (20 + 40) / 2)
    assert cell(separate, "task:largest").value == pytest.approx(0.55)
    assert cell(separate, DELTA).value == 0


def test_unfolded_groups_show_their_runs_below_them_and_ungrouped_all_stand_alone() -> None:
    group = keys()[0]
    assert keys(unfolded={group}) == [group, "c", "b", *keys()[1:]]
    assert keys(grouped=False) == [row.run.id for row in ROWS]


def test_filters_by_words_status_and_study() -> None:
    assert keys(Filter("PAPER kept")) == ["own"]
    assert keys(Filter("paper nothing")) == []
    assert keys(Filter(study=NO_STUDY)) == ["own"]
    assert keys(Filter(study="sweep-001"), grouped=False) == ["c", "b"]
    assert keys(Filter(status="failed")) == []


def test_order_is_by_value_and_what_says_nothing_comes_last_both_ways() -> None:
    names = [row.run.id for row in ROWS]
    up = keys(order=Order("task:largest", False), grouped=False)
    assert up == ["alone_l1", "alone_l0", "b", "own", "c", "alone_m1", "alone_m0"]
    down = keys(order=Order("task:largest", True), grouped=False)
    assert down == ["c", "own", "b", "alone_l0", "alone_l1", "alone_m1", "alone_m0"]
    assert keys(order=Order("", False), grouped=False) == names[::-1]


def test_pinned_lines_stay_on_top_whatever_the_order() -> None:
    rows = [ROWS[0], made("low", 0.1, pinned=True), ROWS[2]]
    for descending in (False, True):
        lines = lines_of(rows, Filter(), Order("task:largest", descending), ())
        assert lines[0].key == "low"


def test_a_method_and_its_own_parameters_are_one_difference() -> None:
    from mtlstudio.project.fields import set_fields

    changed = set_fields(SPEC, [("training.balancing.method", "dwa"), ("training.balancing.temperature", "3")])
    found = told(made("a"), made("b", spec=changed))
    assert not found.careful and found.verdict == "One thing changed."
    more = set_fields(changed, [("training.batch_size", "8")])
    assert told(made("a"), made("b", spec=more)).careful


def test_another_seed_alone_is_chance() -> None:
    other = replace(SPEC, training=replace(SPEC.training, seed=5))
    found = told(made("a"), made("b", spec=other))
    assert found.verdict == "They were trained alike; only chance differs." and "seed" not in found.equal

"""Claims about samples as records, filters, findings, figures: without a window."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data import findings as f
from mtlstudio.data.balance import balance
from mtlstudio.data.interface import SPLITS, Sample, Source, TargetInfo
from mtlstudio.data.project import ProjectData
from mtlstudio.data.statistics import TaskReport
from mtlstudio.project.spec import DatasetSpec, ProjectSpec, TaskSpec
from mtlstudio.ui.data.figures import size_text, spread
from mtlstudio.ui.data.filters import Filter
from mtlstudio.ui.data.merging import balance_of
from mtlstudio.ui.data.noticed import noticed, resolve
from mtlstudio.ui.data.records import Table, read_table
from mtlstudio.ui.data.sizes import columns

# ── records ──


def test_records_agree_with_the_data(scenes_table: Table) -> None:
    data = scenes_table.data
    assert [record.item for record in scenes_table.records] == list(data.all_items)
    assert scenes_table.coverage() == data.coverage()
    assert scenes_table.counts() == {split: len(data.items(split)) for split in SPLITS}
    for record in scenes_table.records:
        largest = data.read_target(record.item, "largest", 1, 1)
        assert record.classes.get("largest") == (None if largest is None else frozenset((int(largest),)))


def test_what_is_words_stands_below_and_what_is_drawn_does_not(pets_table: Table) -> None:
    assert pets_table.painted == ("mask", "head")
    assert pets_table.labelled == ("species", "breed")
    record = pets_table.by_key["0:Abyssinian_1"]
    colours = [task.colour for task in pets_table.spec.tasks]
    assert record.shown.caption == ((colours[0], "cat"), (colours[1], "Abyssinian"))
    headless = next(record for record in pets_table.records if "head" not in record.present)
    assert "Head box: missing" in headless.shown.tip
    assert "Head box: missing" not in record.shown.tip


class _Many(Source):
    """13,000 samples with three labels each; reading a picture is an error."""

    targets = (TargetInfo("kind", "Kind", "classification", FrozenDict(class_names=("a", "b", "c"))),)

    def __init__(self, count: int) -> None:
        present = frozenset(("kind",))
        self.samples = [
            Sample(f"s{i}", SPLITS[i % 3], Path(f"/x/s{i}.jpg"), present, FrozenDict(kind=i % 3)) for i in range(count)
        ]

    def read_image(self, sample: Sample) -> np.ndarray:
        raise AssertionError("a picture was read")


def test_thirteen_thousand_samples_are_listed_and_filtered_without_reading_a_picture() -> None:
    tasks = (TaskSpec("kind", "Kind", "classification", parameters=_Many.targets[0].parameters),)
    spec = ProjectSpec("p", datasets=(DatasetSpec("d", "d", "x", targets=FrozenDict(kind="kind")),), tasks=tasks)
    data = ProjectData(spec, (_Many(13_000),), ())
    started = time.process_time()
    table = read_table(data, spec)
    listed = time.process_time() - started
    started = time.process_time()
    chosen = Filter(split="train", task="kind", label=0).chosen(table)
    filtered = time.process_time() - started
    assert len(chosen) == len(data.items("train"))
    assert listed < 3
    assert filtered < 0.2


# ── filters ──


@given(
    split=st.sampled_from(("", *SPLITS)),
    label=st.none() | st.integers(0, 5),
    missing=st.frozensets(st.sampled_from(("largest", "shapes", "mask", "depth"))),
    findings=st.booleans(),
)
def test_a_filter_shows_exactly_the_samples_that_are_all_it_says(
    scenes_table: Table, split: str, label: int | None, missing: frozenset[str], findings: bool
) -> None:
    seen = frozenset(record.key for record in scenes_table.records[::3])
    wanted = Filter(split=split, task="largest", label=label, missing=missing, findings=findings)
    expected = [
        record.key
        for record in scenes_table.records
        if split in ("", record.item.split)
        and (label is None or scenes_table.data.read_target(record.item, "largest", 1, 1) == label)
        and all(task not in scenes_table.data.present(record.item) for task in missing)
        and (not findings or record.key in seen)
    ]
    assert [record.key for record in wanted.chosen(scenes_table, seen)] == expected


# ── findings ──


def test_a_finding_about_a_file_leads_to_its_sample(pets_table: Table) -> None:
    record = pets_table.records[7]
    mask = pets_table.data.target_file(record.item, "mask")
    problems = [
        f.warning(f.UNREADABLE, "file", str(record.item.sample.path), reason="cut short"),
        f.warning(f.TARGET_UNREADABLE, "file", str(mask), target="Pet mask", reason="cut short"),
        f.warning(f.UNREADABLE, "file", "/elsewhere/nothing.jpg", reason="cut short"),
        f.of_names(f.SEVERAL_BOXES, [pets_table.records[1].item.key, pets_table.records[2].item.key]),
    ]
    found = resolve(pets_table, problems)
    assert [finding.keys for finding in found] == [
        {record.key}, {record.key}, frozenset(), {pets_table.records[1].key, pets_table.records[2].key},
    ]  # fmt: skip
    assert noticed(found) == {record.key, pets_table.records[1].key, pets_table.records[2].key}
    assert found[2].target is None


def test_a_finding_about_a_task_leads_to_the_pictures_it_speaks_of(pets_table: Table) -> None:
    missing, rare, other = resolve(
        pets_table,
        [
            f.warning(f.NO_LABELS, "task", "head", task="Head box", split="test"),
            f.warning(f.IMBALANCE, "task", "breed", task="Breed", common="Bengal", rare="american bulldog", ratio=12),
            f.note(f.VALUES_IGNORED, "dataset", target="mask", values="7"),
        ],
    )
    assert missing.target == Filter(split="test", missing=frozenset(("head",)))
    assert rare.target == Filter(task="breed", label=1)
    assert other.target is None


# ── figures ──


def _report(task: TaskSpec, values: dict[str, list[object]]) -> TaskReport:
    parts = FrozenDict({split: balance(task, part) for split, part in values.items() if part})
    return TaskReport(task.id, task.name, task.type, (), FrozenDict(), parts)


def _split(rng: np.random.Generator, values: list[object]) -> dict[str, list[object]]:
    places = rng.integers(0, 3, len(values))
    return {
        split: [value for value, at in zip(values, places, strict=True) if at == i] for i, split in enumerate(SPLITS)
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_balance_of_all_splits_is_that_of_all_values_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds = TaskSpec("a", "A", "classification", parameters=FrozenDict(class_names=("x", "y", "z")))
    classes: list[object] = rng.integers(0, 3, 40).tolist()
    merged = balance_of(_report(kinds, _split(rng, classes)), "")
    assert merged["counts"] == {name: classes.count(i) for i, name in enumerate("xyz")}

    numbers = TaskSpec("b", "B", "regression", parameters=FrozenDict(value_names=("p", "q")))
    rows = rng.normal(3, 5, (40, 2)).astype(np.float32)
    rows[rng.random(rows.shape) < 0.2] = np.nan
    both = balance_of(_report(numbers, _split(rng, list(rows))), "")["values"]
    for name, column in zip("pq", rows.T, strict=True):
        assert both[name]["count"] == np.isfinite(column).sum()
        for key, reference in (("mean", np.nanmean), ("sd", np.nanstd), ("min", np.nanmin), ("max", np.nanmax)):
            assert both[name][key] == pytest.approx(reference(column.astype(np.float64)))

    masks = TaskSpec("c", "C", "segmentation", parameters=FrozenDict(class_names=("x", "y"), ignore_index=255))
    maps = [rng.choice(np.array([0, 1, 255], np.uint8), (8, 8), p=(0.5, 0.3, 0.2)) for _ in range(30)]
    shares = balance_of(_report(masks, _split(rng, list(maps))), "")
    known = np.concatenate([part[part != 255] for part in maps])
    assert shares["pixel_shares"]["y"] == pytest.approx((known == 1).mean())
    assert shares["ignored_share"] == pytest.approx(1 - known.size / (30 * 64))


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 5000)), min_size=1, max_size=60))
def test_every_picture_is_in_one_column_of_sizes(sizes: list[tuple[int, int]]) -> None:
    found = columns(sizes)
    assert sum(found.counts) == len(sizes)
    for (_, end), (start, _) in itertools.pairwise(found.bounds):
        assert start == end + 1
    for (low, high), count in zip(found.bounds, found.counts, strict=True):
        assert count == sum(low <= max(size) <= high for size in sizes)


def _words() -> Iterator[tuple[dict[str, float | None], str, str]]:
    yield {"mean": 131.55, "sd": 52.84}, "px", "132 ± 53 px"
    yield {"mean": 2.9952, "sd": 1.3732}, "", "3.0 ± 1.4"
    yield {"mean": 0.01234, "sd": 0.00012}, "m", "0.01234 ± 0.00012 m"
    yield {"mean": 5.0, "sd": 0.0}, "", "5.0 ± 0.0"
    yield {"mean": None, "sd": None}, "px", "—"


@pytest.mark.parametrize(("numbers", "unit", "words"), list(_words()))
def test_means_are_written_as_precisely_as_they_are_known(
    numbers: dict[str, float | None], unit: str, words: str
) -> None:
    assert spread(numbers, unit) == words


def test_sizes_in_words() -> None:
    assert size_text([(64, 48)] * 3) == "64 × 48 px, all of them"
    assert size_text([(64, 48), (20, 900)]) == "20 … 900 px"

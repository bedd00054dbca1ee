"""Splits: given ones are kept, the rest is dealt stratified, seeded and never leaves training empty."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.interface import Sample
from mtlstudio.data.splits import assign
from mtlstudio.project.settings import DataSettings

SETTINGS = DataSettings(val_fraction=0.2, test_fraction=0.2)


def samples(classes: list[int], split: str | None = None) -> list[Sample]:
    return [
        Sample(f"s{i}", split, None, frozenset({"class"}), FrozenDict({"class": label}))
        for i, label in enumerate(classes)
    ]


def dealt(chosen: list[Sample], settings: DataSettings = SETTINGS) -> list[str]:
    return assign(chosen, settings, lambda sample: sample.labels["class"])


def test_each_class_is_dealt_in_proportion():
    labels = [0] * 50 + [1] * 100
    counts = Counter(zip(labels, dealt(samples(labels)), strict=True))
    assert counts == {
        (0, "train"): 32,
        (0, "val"): 8,
        (0, "test"): 10,
        (1, "train"): 64,
        (1, "val"): 16,
        (1, "test"): 20,
    }


def test_given_splits_are_kept():
    chosen = samples([0] * 10, "train") + samples([0] * 3, "val") + samples([0] * 4, "test")
    assert Counter(dealt(chosen)) == {"train": 10, "val": 3, "test": 4}


def test_validation_is_taken_from_training_where_it_is_not_given():
    chosen = samples([0, 1] * 50, "train") + samples([0] * 30, "test")
    result = dealt(chosen)
    assert Counter(result) == {"train": 80, "val": 20, "test": 30}
    assert set(result[100:]) == {"test"}


def test_a_test_split_is_taken_from_training_where_only_validation_is_given():
    assert Counter(dealt(samples([0] * 50, "train") + samples([0] * 10, "val"))) == {"train": 40, "val": 10, "test": 10}


def test_samples_without_a_split_are_dealt_beside_given_ones():
    chosen = samples([0] * 10, "train") + samples([0] * 10, "val") + samples([0] * 10, "test") + samples([0] * 10)
    assert Counter(dealt(chosen)[30:]) == {"train": 6, "val": 2, "test": 2}


@pytest.mark.parametrize(
    ("count", "expected"), [(0, {}), (1, {"train"}), (2, {"train", "val"}), (3, {"train", "val", "test"})]
)
def test_few_samples_are_for_training_first(count, expected):
    assert set(dealt(samples([0] * count))) == set(expected)


def test_a_class_of_one_is_for_training():
    labels = [0] * 20 + [1] + [2]
    result = dealt(samples(labels))
    assert result[20:] == ["train", "train"]


def test_another_seed_draws_another_split_and_the_same_seed_the_same():
    chosen = samples([0, 1] * 30)
    assert dealt(chosen) == dealt(chosen)
    assert dealt(chosen) != dealt(chosen, replace(SETTINGS, split_seed=1))


def test_the_order_of_the_files_does_not_matter():
    chosen = samples([0, 1, 2] * 20)
    forwards = dict(zip([s.key for s in chosen], dealt(chosen), strict=True))
    backwards = dict(zip([s.key for s in reversed(chosen)], dealt(chosen[::-1]), strict=True))
    assert forwards == backwards


@given(
    st.lists(st.integers(0, 5), max_size=60),
    st.sampled_from([0.0, 0.1, 0.5, 0.9]),
    st.sampled_from([0.0, 0.1, 0.5, 0.9]),
    st.integers(0, 3),
)
def test_training_is_never_empty_and_shares_are_kept(labels, val, test, seed):
    settings = DataSettings(val_fraction=val, test_fraction=test, split_seed=seed)
    counts = Counter(dealt(samples(labels), settings))
    assert sum(counts.values()) == len(labels)
    if labels:
        assert counts["train"] >= 1
    if len(labels) >= 3:
        assert bool(counts["test"]) == bool(test) and bool(counts["val"]) == bool(val)
    if not test:
        assert not counts["test"]
    if len(labels) >= 20 and test <= 0.5 and val <= 0.5:
        assert abs(counts["test"] - test * len(labels)) <= 1

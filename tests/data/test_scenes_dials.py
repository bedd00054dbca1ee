"""The dials of the sample scenes mean what they say."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from mtlstudio.base.declare import defaults
from mtlstudio.base.errors import StudioError
from mtlstudio.data.scenes import DIALS, SHAPES, TARGETS, SceneDials, class_frequencies, draw, split_of
from mtlstudio.data.scenes.dials import present
from mtlstudio.data.scenes.layout import arrange


def dial(name: str) -> Any:
    return next(parameter for parameter in DIALS if parameter.name == name)


def test_declared_defaults_are_those_of_the_class() -> None:
    assert defaults(DIALS) == asdict(SceneDials())


def test_every_dial_has_words_for_a_form() -> None:
    assert all(parameter.label and parameter.help for parameter in DIALS)


def test_dials_come_from_what_a_person_types() -> None:
    typed = {"count": "40", "missing_by_task": "depth=0.5, shapes=0.2", "relatedness": "0.25"}
    dials = SceneDials.of({name: dial(name).parse(text) for name, text in typed.items()})
    assert (dials.count, dials.relatedness, dials.size) == (40, 0.25, 128)
    assert (dials.missing_share("depth"), dials.missing_share("shapes"), dials.missing_share("mask")) == (0.5, 0.2, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"size": 16}, {"clutter": 1.5}, {"relatedness": -0.1}, {"count": 0}, {"count": 50_000, "size": 512},
        {"min_shapes": 4, "max_shapes": 2}, {"missing_by_task": ("depth",)}, {"missing_by_task": ("colour=0.1",)},
        {"missing_by_task": ("depth=2",)}, {"missing_by_task": ("depth=nan",)}, {"noise": float("nan")},
    ],
)  # fmt: skip
def test_dials_that_do_not_fit_are_refused_with_a_way_out(values: dict[str, Any]) -> None:
    with pytest.raises(StudioError) as caught:
        SceneDials.of(values)
    assert caught.value.fix and "{" not in caught.value.text()


@pytest.mark.parametrize("long_tail", [0.0, 0.5, 1.0])
def test_shapes_and_colours_are_as_frequent_as_stated(long_tail: float) -> None:
    dials = SceneDials(long_tail=long_tail)
    items = [item for index in range(500) for item in arrange(dials, index)]
    stated = np.array(class_frequencies(dials, len(SHAPES)))
    for drawn in ([item.shape for item in items], [item.colour for item in items]):
        measured = np.bincount(drawn, minlength=len(SHAPES)) / len(items)
        four_sigma = 4 * np.sqrt(stated * (1 - stated) / len(items))
        assert np.all(np.abs(measured - stated) < four_sigma), measured
    assert stated.sum() == pytest.approx(1)
    assert stated[0] / stated[-1] == pytest.approx(100**long_tail)


def test_scenes_have_as_many_shapes_as_asked_for() -> None:
    numbers = Counter(len(arrange(SceneDials(min_shapes=2, max_shapes=6), index)) for index in range(300))
    assert set(numbers) == {2, 3, 4, 5, 6}
    assert all(len(arrange(SceneDials(min_shapes=8, max_shapes=8), index)) == 8 for index in range(60))


def test_missing_labels_have_the_stated_share_task_by_task() -> None:
    dials = SceneDials(missing=0.3, missing_by_task=("depth=0.9", "count=0", "mask=1"))
    there = {t.id: np.array([present(dials, index, t.id) for index in range(3000)]) for t in TARGETS}
    for target in TARGETS:
        share = dials.missing_share(target.id)
        assert abs((1 - there[target.id].mean()) - share) <= 4 * np.sqrt(share * (1 - share) / 3000), target.id
    independent = np.corrcoef(there["largest"], there["shapes"])[0, 1]
    assert abs(independent) < 4 / np.sqrt(3000)


def test_a_larger_share_hides_what_a_smaller_one_hid_and_more() -> None:
    few, many = SceneDials(missing=0.2), SceneDials(missing=0.6)
    hidden = [{i for i in range(200) if not present(dials, i, "depth")} for dials in (few, many)]
    assert hidden[0] < hidden[1]


def test_hidden_labels_are_named_but_the_truth_stays() -> None:
    scene = draw(SceneDials(size=32, missing_by_task=("depth=1",)), 0)
    assert scene.missing == {"depth"}
    assert scene.targets["depth"].shape == (32, 32)


def test_splits_are_70_15_15_in_every_twenty() -> None:
    dials = SceneDials(seed=3)
    for start in range(0, 400, 20):
        assert Counter(split_of(dials, i) for i in range(start, start + 20)) == {"train": 14, "val": 3, "test": 3}


def test_seven_scenes_already_have_all_splits() -> None:
    for seed in range(30):
        for count in range(7, 30):
            assert {split_of(SceneDials(seed=seed), i) for i in range(count)} == {"train", "val", "test"}


def test_a_split_depends_on_seed_and_index_alone() -> None:
    splits = [split_of(SceneDials(), i) for i in range(100)]
    assert splits == [split_of(SceneDials(count=100, noise=0.9, relatedness=0.2), i) for i in range(100)]
    assert splits != [split_of(SceneDials(seed=1), i) for i in range(100)]
    places = {tuple(splits[start : start + 20]) for start in range(0, 100, 20)}
    assert len(places) == 5  # not one pattern over and over

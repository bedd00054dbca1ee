"""Digit strings: the same every time, and what they say is what is drawn."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.data.digits import INKS, DigitDials, draw, ink_of, string_of
from mtlstudio.data.scenes.dice import Dice
from mtlstudio.data.sources.digit_strings import LAYOUT

DIALS = DigitDials(count=40)


def runs(columns: np.ndarray) -> int:
    """How many pieces of ink stand beside each other."""
    inked = np.concatenate(([False], columns, [False]))
    return int((inked[1:] & ~inked[:-1]).sum())


def test_a_picture_depends_on_seed_and_index_alone() -> None:
    assert np.array_equal(draw(DIALS, 7), draw(DigitDials(count=9), 7))
    assert not np.array_equal(draw(DIALS, 7), draw(DIALS, 8))
    assert not np.array_equal(draw(DIALS, 7), draw(DigitDials(seed=1), 7))
    assert [string_of(DIALS, index).text for index in range(3)] == ["1", "64728", "26860"]  # what earlier ones drew


def test_a_string_has_as_many_pieces_of_ink_as_digits() -> None:
    for index in range(60):
        text = string_of(DIALS, index).text
        assert runs((ink_of(text, Dice(0, index, 1)) > 0.5).any(0)) == len(text)


def test_no_two_digits_look_alike() -> None:
    drawn = {digit: ink_of(digit, Dice(3, 0, 1)) > 0.5 for digit in "0123456789"}
    for one, other in combinations(drawn.values(), 2):
        assert (one & other).sum() / (one | other).sum() < 0.72


def test_the_ink_has_its_colour() -> None:
    clean = DigitDials(noise=0.0)
    for index in range(30):
        said = string_of(clean, index)
        inside = draw(clean, index)[ink_of(said.text, Dice(0, index, 1)) > 0.99].mean(0) / 255
        distances = [np.abs(inside - np.array(colour)).sum() for _, colour in INKS]
        assert int(np.argmin(distances)) == said.ink


def test_labels_say_what_is_drawn() -> None:
    source = LAYOUT.open(None, {"count": 30, "min_digits": 2, "max_digits": 4})
    dials = DigitDials(count=30, min_digits=2, max_digits=4)
    for index, sample in enumerate(source.samples):
        said = string_of(dials, index)
        assert 2 <= len(said.text) <= 4
        assert dict(sample.labels) == {"digits": said.text, "count": (float(len(said.text)),), "ink": said.ink}
    assert {sample.labels["ink"] for sample in source.samples} == set(range(len(INKS)))
    assert source.target("digits").parameters["maximum_length"] == 4


def test_dials_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(StudioError, match="more than the most"):
        DigitDials(min_digits=4, max_digits=2)

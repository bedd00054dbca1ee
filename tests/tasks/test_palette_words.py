"""Colours of classes and numbers in words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtlstudio.tasks.palette import CLASS_COLOURS, background_index, class_colour, class_colours, is_colour
from mtlstudio.tasks.words import number, percent, plain


def test_many_classes_have_colours_of_their_own() -> None:
    colours = [class_colour(index) for index in range(120)]
    assert all(is_colour(colour) for colour in colours)
    assert len(set(colours)) == len(colours) and len(CLASS_COLOURS) >= 24


@pytest.mark.parametrize(
    ("names", "index"),
    [
        (("background", "cat", "dog"), 0),
        (("cat", "dog", "Void "), 2),
        (("背景", "猫", "狗"), 0),
        (("cat", "dog", "bird"), None),
        (("ground", "figure"), 0),
        (("pet", "background"), 1),
    ],
)
def test_the_background_is_found_by_its_name(names: tuple[str, ...], index: int | None) -> None:
    assert background_index(names) == index


def test_of_two_classes_the_drawn_one_has_the_tasks_colour() -> None:
    assert class_colours(("background", "pet"), (), "#112233")[1] == "#112233"
    assert class_colours(("pet", "background"), (), "#112233")[0] == "#112233"
    assert "#112233" not in class_colours(("a", "b", "c"), (), "#112233")


def test_own_colours_go_first() -> None:
    colours = class_colours(("a", "b", "c"), ("", "#ABCDEF"), "#112233")
    assert colours == (class_colour(0), "#ABCDEF", class_colour(2))


def test_grey_is_the_backgrounds_wherever_it_stands() -> None:
    colours = class_colours(("cat", "dog", "background"))
    assert colours[2] == class_colour(0) and len(set(colours)) == 3


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "0%"), (1.0, "100%"), (0.4321, "43.2%"), (0.00001, "0.1%"), (0.99999, "99.9%"), (math.nan, "—")],
)
def test_percent(fraction: float, text: str) -> None:
    assert percent(fraction) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (3.0, "3"), (12.3456, "12.35"), (123.456, "123.5"), (-7.25, "-7.25"), (12345.6, "12346"),
        (0.12345, "0.1235"), (1e-7, "1.000e-07"), (2.5e9, "2.500e+09"), (math.nan, "—"),
    ],
)  # fmt: skip
def test_number(value: float, text: str) -> None:
    assert number(value) == text
    assert number(value, "m") == (text if math.isnan(value) else f"{text} m")


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_numbers_can_be_read_back(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, rel=1e-3, abs=1e-4)


def test_plain_numbers_for_json() -> None:
    assert plain(1.5) == 1.5 and plain(math.nan) is None and plain(-math.inf) is None

"""Numbers and shapes in words."""

from __future__ import annotations

import pytest

from mtlstudio.network.analysis import Cost
from mtlstudio.ui.design import figures


@pytest.mark.parametrize(("value", "words"), [
    (0, "0"), (950, "950"), (1000, "1 k"), (4200, "4.2 k"), (999_600, "1 M"), (1_010_000, "1.01 M"),
    (251_000_000, "251 M"), (1.9e9, "1.9 G"), (2.5e12, "2.5 T"),
])  # fmt: skip
def test_counts_have_three_figures_at_most(value: float, words: str) -> None:
    assert figures.count(value) == words


def test_shapes_are_short_on_cards_and_long_in_lists() -> None:
    assert figures.shape((32, 64, 64)) == "32×64²"
    assert figures.shape((32, 64, 48)) == "32×64×48"
    assert figures.shape((256,)) == "256"
    assert figures.shape(None) == ""
    assert figures.long_shape((32, 64, 64)) == "32 × 64 × 64"


def test_shares_never_hide_what_is_there() -> None:
    assert figures.percent(0, 100) == "0 %"
    assert figures.percent(1, 1000) == "< 1 %"
    assert figures.percent(24, 100) == "24 %"
    assert figures.percent(5, 0) == "0 %"


def test_separate_networks_are_mentioned_where_they_cost_more() -> None:
    total = Cost(4_200_000, 1_900_000_000, 468_000_000)
    longest, *_shorter, shortest = figures.cost_lines(total, Cost(9_100_000, 0, 0))
    assert longest == "4.2 M parameters (separate 9.1 M) · 1.9 G MACs · 468 MB per image"
    assert len(shortest) < len(longest)
    assert "separate" not in figures.cost_lines(total, total)[0]

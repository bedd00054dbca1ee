"""The figure of the report: bars where they belong, whatever the figures are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from mtlstudio.runs.statistics import Interval
from mtlstudio.studies.estimates import Estimate
from mtlstudio.studies.figure import Bar, gains_figure


def rects(svg: str) -> list[tuple[float, float]]:
    """Left end and width of each bar."""
    return [(float(one.get("x", "")), float(one.get("width", ""))) for one in ElementTree.fromstring(svg).iter("rect")]


def zero(svg: str) -> float:
    found = re.search(r'class="zero" x1="([\d.]+)"', svg)
    assert found is not None
    return float(found[1])


def test_gains_go_to_the_right_of_nothing_and_losses_to_the_left() -> None:
    bars = [Bar("A", "#112233", Estimate(5.0, 1.0, 3, Interval(2.0, 8.0))), Bar("B", "", Estimate(-5.0, None, 1, None))]
    svg = gains_figure(bars, "Gain")
    (gain, gain_width), (loss, loss_width) = rects(svg)
    assert gain == pytest.approx(zero(svg), abs=0.2) and loss + loss_width == pytest.approx(zero(svg), abs=0.2)
    assert gain_width == pytest.approx(loss_width, abs=0.2)
    assert "+5.0 %" in svg and "−5.0 %" in svg and svg.count('class="interval"') == 1


@pytest.mark.parametrize("value", [0.0, 1e-9, 0.003, 12345.0])
def test_every_size_has_a_handful_of_lines(value: float) -> None:
    svg = gains_figure([Bar("<A & B>", "#112233", Estimate(value, None, 1, None))], "A & B")
    ElementTree.fromstring(svg)
    assert 3 <= len(re.findall(r'class="(?:line|zero)"', svg)) <= 9
    assert "&lt;A &amp; B&gt;" in svg


def test_without_an_estimate_there_is_a_dash() -> None:
    svg = gains_figure([Bar("A", "#112233", None)], "Gain")
    assert rects(svg) == [] and ">—<" in svg

"""Strings are said in words in the gallery and found by their symbols; pictures as targets are drawn and not counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.project import open_data
from mtlstudio.data.propose import propose
from mtlstudio.data.statistics import report
from mtlstudio.inspection.overlay import OPACITY
from mtlstudio.inspection.overlay import overlay as drawn_over
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.tasks.predictions import ColourMap
from mtlstudio.ui.data.figures import Figures
from mtlstudio.ui.data.records import read_table
from mtlstudio.ui.painting import overlay
from mtlstudio.ui.widgets.titles import SectionTitle


def small(folder: Path, sample: str) -> ProjectSpec:
    spec = propose("p", [], folder, sample)
    parameters = FrozenDict(count=30) if sample == "digits" else FrozenDict(count=20, size=32)
    return replace(spec, datasets=(replace(spec.datasets[0], parameters=parameters),))


def test_a_string_is_a_caption_and_can_be_looked_for_by_its_symbols(tmp_path: Path) -> None:
    spec = small(tmp_path, "digits")
    table = read_table(open_data(spec, tmp_path), spec)
    assert table.painted == () and table.labelled == ("digits", "ink")
    for record in table.records:
        text = record.item.sample.labels["digits"]
        assert record.shown.caption[0][1] == text
        assert record.classes["digits"] == {int(digit) for digit in text}
    assert table.tasks["digits"].label_names == tuple("0123456789")


@pytest.mark.parametrize("split", ["", "val"])
def test_symbols_are_counted_and_pictures_are_not(qtbot: QtBot, tmp_path: Path, split: str) -> None:
    digits, scenes = small(tmp_path / "d", "digits"), small(tmp_path / "s", "autoencoder")
    figures = Figures()
    qtbot.addWidget(figures)
    figures.show_report(digits, report(open_data(digits, tmp_path / "d"), digits), split)
    assert {name for task, name in figures.bars if task == "digits"} == set("0123456789")
    figures.show_report(scenes, report(open_data(scenes, tmp_path / "s"), scenes), split)
    titles = [title.text() for title in figures.findChildren(SectionTitle) if title.isVisibleTo(figures)]
    assert any("Shape mask" in title for title in titles)
    assert not any("Reconstruction" in title for title in titles)


def test_a_colour_map_is_drawn_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    made = overlay(ColourMap(image))
    assert made is not None and (made.width(), made.height()) == (7, 5)
    assert made.pixelColor(3, 2).getRgb()[:3] == tuple(image[2, 3].tolist())
    grey = np.full_like(image, 100)
    expected = np.rint(grey * (1 - OPACITY) + image * OPACITY)
    assert np.abs(drawn_over(grey, ColourMap(image)) - expected).max() <= 1

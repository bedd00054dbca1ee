"""Claims about tokens, palettes, font and style sheet."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from mtlstudio.base.resources import resource
from mtlstudio.ui.theme import (
    CLASS_COLOURS,
    DARK,
    LIGHT,
    TASK_COLOURS,
    Tokens,
    apply_theme,
    class_colour,
    class_table,
    contrast,
    depth_table,
    diverging_colour,
    font,
    heat_table,
    mix,
    readable_on,
    signals,
    task_colour,
    theme,
)
from mtlstudio.ui.theme.stylesheet import stylesheet

THEMES = pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])


@THEMES
@pytest.mark.parametrize("ground", ["background", "panel", "card", "raised", "raised_hover", "field", "selection"])
def test_text_is_readable_on_every_ground(tokens: Tokens, ground: str) -> None:
    assert contrast(tokens.text, getattr(tokens, ground)) >= 4.5


@THEMES
@pytest.mark.parametrize("ink", ["dim", "good", "warning", "bad"])
@pytest.mark.parametrize("ground", ["background", "panel", "card", "field", "selection"])
def test_lesser_and_coloured_text_is_readable_where_it_stands(tokens: Tokens, ink: str, ground: str) -> None:
    assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5


@THEMES
def test_grey_words_are_readable_on_buttons_and_dangerous_ones_on_theirs(tokens: Tokens) -> None:
    assert contrast(tokens.dim, tokens.raised) >= 4.5
    assert contrast(tokens.bad, mix(tokens.panel, tokens.bad, 0.08)) >= 4.5  # the hovered danger button


@THEMES
def test_words_on_the_accent_are_readable_and_the_accent_line_is_seen(tokens: Tokens) -> None:
    for fill in (tokens.accent_fill, tokens.accent_hover):
        assert contrast(tokens.on_accent, fill) >= 4.5
    assert contrast(tokens.accent, tokens.panel) >= 3  # focus rings: WCAG 1.4.11
    assert contrast(tokens.accent, tokens.background) >= 3


def test_contrast_agrees_with_the_published_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the well-known failing grey


@THEMES
def test_style_sheet_has_all_places_filled_and_names_files_that_exist(tokens: Tokens) -> None:
    sheet = stylesheet(tokens)
    assert "$" not in sheet
    files = re.findall(r'url\("mtl(\w+):([\w-]+\.svg)"\)', sheet)
    assert files
    for name, file in files:
        assert resource("icons", "controls", name, file).is_file()


def test_style_sheet_is_understood_by_qt(qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    button = QPushButton("x")
    button.setProperty("accent", True)
    qtbot.addWidget(button)
    with qtbot.captureExceptions() as problems:
        button.grab()
    face = button.grab().toImage().pixelColor(button.width() // 2, 4)
    assert face == QColor(DARK.accent_fill)
    assert not problems


def test_change_of_theme_is_told_after_the_tokens_have_changed(qapp: QApplication) -> None:
    seen: list[str] = []

    def note() -> None:
        seen.append(theme().name)

    signals.theme_changed.connect(note)
    apply_theme(qapp, "light")
    apply_theme(qapp, "dark")
    signals.theme_changed.disconnect(note)
    assert seen == ["light", "dark"]


def test_text_size_grows_fonts_and_labels(qapp: QApplication, qtbot: QtBot) -> None:
    label = QLabel("0")
    label.setProperty("role", "heading")
    qtbot.addWidget(label)
    label.ensurePolished()
    before = label.fontMetrics().height()
    apply_theme(qapp, "dark", 2.0)
    try:
        assert font(13).pixelSize() == 26
        label.ensurePolished()
        assert label.fontMetrics().height() == pytest.approx(2 * before, rel=0.1)
    finally:
        apply_theme(qapp, "dark", 1.0)


@pytest.mark.parametrize("weight", [QFont.Weight.Normal, QFont.Weight.DemiBold, QFont.Weight.Bold])
def test_bundled_font_is_used_in_each_weight(weight: QFont.Weight) -> None:
    found = QFontInfo(font(13, weight))
    assert (found.family(), found.weight()) == ("Inter", weight)


def test_figures_are_of_equal_width() -> None:
    measures = QFontMetricsF(font(13))
    assert len({measures.horizontalAdvance(figure) for figure in "0123456789"}) == 1
    loose = QFontMetricsF(font(13, figures=False))
    assert len({loose.horizontalAdvance(figure) for figure in "0123456789"}) > 1


def test_font_comes_with_its_licence() -> None:
    words = resource("fonts", "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in words
    assert "Inter Project Authors" in words


def test_class_colours_differ_from_one_another() -> None:
    assert len(CLASS_COLOURS) >= 25
    close = min(math.dist(_lab(a), _lab(b)) for a, b in itertools.combinations(CLASS_COLOURS, 2))
    assert close > 8  # CIE76; 2.3 is just noticeable
    background = QColor(CLASS_COLOURS[0])
    assert background.saturationF() < 0.15


def test_colours_go_on_beyond_the_lists() -> None:
    assert [task_colour(i) for i in range(8)] == list(TASK_COLOURS)
    assert len({task_colour(i) for i in range(40)}) == 40
    assert len({class_colour(i) for i in range(150)}) == 150
    assert all(QColor(class_colour(i)).isValid() for i in range(1000))


def test_class_table_makes_chosen_classes_transparent() -> None:
    table = class_table(4, alpha=128, transparent=(0,))
    assert table[0] == 0
    assert [entry >> 24 for entry in table[1:]] == [128] * 3
    assert table[1] & 0xFFFFFF == int(CLASS_COLOURS[1][1:], 16)


@pytest.mark.parametrize("table", [depth_table(), heat_table()], ids=["depth", "heat"])
def test_scalar_tables_rise_evenly_in_lightness(table: tuple[int, ...]) -> None:
    assert len(table) == 256
    assert all(entry >> 24 == 0xFF for entry in table)
    lightness = [_lab(f"#{entry & 0xFFFFFF:06x}")[0] for entry in table]
    steps = [b - a for a, b in itertools.pairwise(lightness)]
    assert min(steps) > -0.35  # 8-bit rounding and the sRGB gamut allow a touch
    assert lightness[-1] - lightness[0] > 60
    middle = (lightness[0] + lightness[-1]) / 2
    assert abs(lightness[128] - middle) < 8


def test_diverging_colours_lean_to_good_and_bad() -> None:
    good, bad, nothing = (diverging_colour(v, DARK) for v in (0.9, -0.9, math.nan))
    assert good.green() > good.red()
    assert bad.red() > bad.green()
    assert nothing == DARK.colour("card")


@pytest.mark.parametrize("colour", [*TASK_COLOURS, *CLASS_COLOURS])
def test_words_on_data_colours_are_readable(colour: str) -> None:
    assert contrast(readable_on(colour), colour) >= 4.5


def _lab(colour: str) -> tuple[float, float, float]:
    """CIE L*a*b* (D65), by the textbook."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(colour).getRgbF()[:3]]
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.95047, 1.0, 1.08883)
    xyz = [sum(k * c for k, c in zip(row, linear, strict=True)) / w for row, w in zip(rows, white, strict=True)]
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)

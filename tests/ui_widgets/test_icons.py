"""Claims about the icons."""

from __future__ import annotations

import gc
import logging
import re
import weakref
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QAction, QColor, QIcon, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from mtlstudio.base.resources import resource
from mtlstudio.ui.theme import DARK, LIGHT, apply_theme, theme
from mtlstudio.ui.widgets import IconLabel, icon, paint_icon, pixmap, set_icon
from mtlstudio.ui.widgets.icons import _ALIASES, names

OWN_COLOURS = {"logo", "app-icon"}


def _ink(image: QImage) -> int:
    return sum(image.pixelColor(x, y).alpha() > 40 for x in range(image.width()) for y in range(image.height()))


@pytest.mark.parametrize("name", names())
def test_every_icon_parses_and_leaves_ink_on_the_same_grid(name: str) -> None:
    path = resource("icons", f"{name}.svg")
    renderer = QSvgRenderer(str(path))
    assert renderer.isValid()
    source = path.read_text(encoding="utf-8")
    if name not in OWN_COLOURS:
        assert renderer.viewBoxF() == QRectF(0, 0, 24, 24)
        assert "#" not in source
        assert "currentColor" in source
    image = pixmap(name, 24).toImage()
    assert 10 < _ink(image) < 24 * 24 - 10
    edges = [image.pixelColor(x, y).alpha() for x in range(24) for y in (0, 23)]
    edges += [image.pixelColor(x, y).alpha() for x in (0, 23) for y in range(24)]
    assert max(edges) < 130  # nothing is cut off at the rim


def test_no_two_icons_look_alike() -> None:
    looks = {name: pixmap(name, 24).toImage() for name in names()}
    alike = [(a, b) for a in looks for b in looks if a < b and looks[a] == looks[b]]
    assert not alike


def test_other_names_lead_to_files() -> None:
    assert all(target in names() and alias not in names() for alias, target in _ALIASES.items())


def test_an_unknown_name_is_drawn_as_a_question_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        drawn = pixmap("no-such-thing-77", 24).toImage()
    assert _ink(drawn) > 10
    assert "no-such-thing-77" in caplog.text
    assert not icon("no-such-thing-77").isNull()


def test_icons_take_the_colour_asked_for() -> None:
    image = pixmap("stop", 24, "#4C9BE8").toImage()
    assert image.pixelColor(12, 12) == QColor("#4C9BE8")
    assert pixmap("stop", 24, "bad").toImage().pixelColor(12, 12) == QColor(DARK.bad)


def test_icons_are_crisp_on_dense_screens() -> None:
    drawn = pixmap("search", 16, ratio=2.0)
    assert (drawn.width(), drawn.devicePixelRatio()) == (32, 2.0)
    stretched = pixmap("search", 16).toImage().scaled(32, 32)
    assert drawn.toImage() != stretched


def test_icons_on_buttons_follow_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    button, action = QPushButton("x"), QAction("x")
    qtbot.addWidget(button)
    for target in (button, action):
        set_icon(target, "stop", "text", 16)
        assert target.icon().pixmap(16, 16).toImage().pixelColor(8, 8) == QColor(DARK.text)
    apply_theme(qapp, "light")
    for target in (button, action):
        assert target.icon().pixmap(16, 16).toImage().pixelColor(8, 8) == QColor(LIGHT.text)


def test_disabled_icons_are_grey() -> None:
    made = icon("stop", "on_accent")
    grey = made.pixmap(QSize(16, 16), QIcon.Mode.Disabled).toImage().pixelColor(8, 8)
    assert grey.alpha() < 160
    assert (grey.red(), grey.green()) != (255, 255)


def test_an_icon_can_be_changed_and_taken_away(qtbot: QtBot) -> None:
    button = QPushButton("x")
    qtbot.addWidget(button)
    set_icon(button, "play")
    set_icon(button, "pause")
    assert len(button.children()) == 1
    set_icon(button, "")
    assert button.icon().isNull()


def test_a_gap_keeps_words_away(qtbot: QtBot) -> None:
    button = QPushButton("x")
    qtbot.addWidget(button)
    set_icon(button, "stop", size=16, gap=4)
    assert button.iconSize() == QSize(20, 16)


def test_a_button_with_an_icon_can_be_freed() -> None:
    button = QPushButton("x")
    set_icon(button, "play")
    ghost = weakref.ref(button)
    del button
    gc.collect()
    assert ghost() is None


def test_painting_an_icon_stays_in_its_area() -> None:
    image = QImage(60, 60, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    paint_icon(painter, "stop", QRectF(20, 20, 20, 20), "good")
    painter.end()
    assert image.pixelColor(30, 30) == QColor(theme().good)
    assert image.pixelColor(10, 10).alpha() == 0


def test_an_icon_label_paints_its_icon(qtbot: QtBot) -> None:
    label = IconLabel("stop", "accent", 16)
    qtbot.addWidget(label)
    label.resize(16, 16)
    assert label.grab().toImage().pixelColor(8, 8) == QColor(DARK.accent)


def test_every_icon_that_the_program_names_exists(root: Path) -> None:
    pattern = re.compile(
        r'(?:\bicon(?:: str)?\s*=\s*|set_icon\([^,\n]+,\s*|\bicon\(\s*|pixmap\(\s*|IconLabel\(\s*|EmptyState\(\s*)"([\w-]+)"'
    )
    known = {*names(), *_ALIASES}
    named = {
        (path.relative_to(root).as_posix(), name)
        for path in (root / "mtlstudio").rglob("*.py")
        for name in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert not {(path, name) for path, name in named if name not in known}

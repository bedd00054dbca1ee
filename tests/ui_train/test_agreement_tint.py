"""The agreement of tasks as a tint on the sharing grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event
from mtlstudio.runs.folder import RunFolder
from mtlstudio.runs.interactions import ALL
from mtlstudio.runs.proposals import shared_layers
from mtlstudio.session.studio import Studio
from mtlstudio.ui.design.hits import Hit
from mtlstudio.ui.design.tips import tip
from mtlstudio.ui.design.workspace import DesignWorkspace
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.train.matrix import signed
from mtlstudio.ui.train.workspace import TrainWorkspace
from tests.ui_train.synthetic import gradients_measured, started

Live = Callable[[Sequence[Event]], RunFolder]


def run_of(spec: ProjectSpec) -> list[Event]:
    """All agree in the first shared layer, two pull apart in the last, and it is even in the one between."""
    first, between, *_rest, last = shared_layers(spec)
    cosines = {first: {}, between: {(0, 1): 0.01}, last: {(0, 2): -0.5}}
    return [started(spec), *(gradients_measured(spec, 10 * (n + 1), cosines) for n in range(6))]


def design(window: MainWindow) -> DesignWorkspace:
    window.show_workspace("design")
    found = window.workspaces["design"]
    assert isinstance(found, DesignWorkspace)
    QTest.qWait(50)
    return found


def card_colour(room: DesignWorkspace, layer: str) -> QColor:
    """What most of a card is painted with."""
    scene = room.canvas.scene
    piece = next(pieces[0] for card, pieces in scene.visible_cards() if card.spot.layer.id == layer)
    area = QRect(int(piece.x) + 8, int(piece.y) + 24, int(piece.w) - 16, 12)
    pixels = room.canvas.grab(area).toImage().convertToFormat(QImage.Format.Format_RGB32)
    colours = [pixels.pixel(x, y) for x in range(pixels.width()) for y in range(pixels.height())]
    values, counts = np.unique(colours, return_counts=True)
    return QColor.fromRgb(int(values[counts.argmax()]))


def test_conflict_is_red_agreement_green_and_both_are_told(
    qtbot: QtBot, window: MainWindow, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    first, between, *_rest, last = shared_layers(spec)
    live(run_of(spec))
    grid = design(window)
    red, green, plain = card_colour(grid, last), card_colour(grid, first), card_colour(grid, between)
    assert red.red() > plain.red() + 8 and red.red() > red.green() + 8
    assert green.green() > plain.green() + 8 and green.green() > green.red() + 8
    names = [task.name for task in spec.tasks]
    words = tip(Hit("card", layer=last), grid.canvas.picture, grid.canvas.scene.layout)
    assert f"{names[0]} and {names[2]}: cosine of gradients −0.50" in words and "6 measurements" in words
    page = room.agreement.gradients
    window.show_workspace("train")
    qtbot.waitUntil(room.settled, timeout=10000)
    assert page.layer == last and page.matrix.text_at(0, 2) == "−0.50"
    assert signed(grid.canvas.picture.tints[last].value) == page.matrix.text_at(0, 2)


def test_it_is_switched_in_the_menu_and_off_without_figures(
    window: MainWindow, studio: Studio, spec: ProjectSpec, live: Live
) -> None:
    last = list(shared_layers(spec))[-1]
    grid = design(window)
    action = window.actions_["design.agreement"]
    assert not action.isEnabled() and not grid.canvas.picture.tints
    plain = card_colour(grid, last)
    live(run_of(spec))
    QTest.qWait(20)
    assert action.isEnabled() and action.isChecked() and card_colour(grid, last) != plain
    action.trigger()
    QTest.qWait(20)
    assert not action.isChecked() and card_colour(grid, last) == plain
    assert studio.settings.layouts["design.agreement"] == "off"
    action.trigger()
    assert grid.canvas.picture.tints


def test_a_layer_that_is_no_longer_shared_has_none(
    window: MainWindow, studio: Studio, room: TrainWorkspace, spec: ProjectSpec, live: Live
) -> None:
    from mtlstudio.project import edits

    last = list(shared_layers(spec))[-1]
    live(run_of(spec))
    grid = design(window)
    document = studio.document
    assert document is not None and last in grid.canvas.picture.tints and ALL not in grid.canvas.picture.tints
    document.apply("split", lambda before: edits.each_its_own(before, last))
    assert last not in grid.canvas.picture.tints
    document.undo()
    assert last in grid.canvas.picture.tints

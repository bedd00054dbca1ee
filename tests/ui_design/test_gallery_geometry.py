"""What can be said of the pictures of every template without looking at them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from mtlstudio.network.analysis import Analysis
from mtlstudio.network.analyze import Memo, analyze
from mtlstudio.network.templates.registry import templates
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design.geometry import Point, Rect
from mtlstudio.ui.design.hits import hit
from mtlstudio.ui.design.layout import Card
from mtlstudio.ui.design.painting.cards import CardPainter, glyph_size
from mtlstudio.ui.design.painting.ink import Ink
from mtlstudio.ui.design.scene import Scene
from mtlstudio.ui.design.viewport import Viewport
from mtlstudio.ui.theme import apply_theme
from tests.ui_design.families import project

ALL = [found.id for found in templates()]
SIZES = {"1280x720": (816, 572), "1440x900": (976, 690)}
"""The canvas in windows of that size."""
LETTERS = 4
_memo = Memo()
_analyses: dict[tuple[str, str], tuple[ProjectSpec, Analysis]] = {}


@pytest.fixture(scope="module", autouse=True)
def _theme(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")


def analyzed(kind: str, template_id: str) -> tuple[ProjectSpec, Analysis]:
    """A project with its figures, made once."""
    if (kind, template_id) not in _analyses:
        spec = project(kind, template_id)
        _analyses[kind, template_id] = spec, analyze(spec, _memo)
    return _analyses[kind, template_id]


@pytest.fixture
def view(qtbot: Any, request: Any) -> Iterator[Viewport]:
    """The grid of a template."""
    kind, template_id, size = request.param
    spec, analysis = analyzed(kind, template_id)
    made = Viewport(spec)
    qtbot.addWidget(made)
    made.resize(*SIZES[size])
    made.show_analysis(analysis)
    made.relayout()
    yield made


def every(*kinds: str) -> Any:
    """Each template for those projects in windows of each size."""
    return pytest.mark.parametrize(
        "view",
        [(kind, template_id, size) for kind in kinds for template_id in ALL for size in SIZES],
        indirect=True,
        ids=lambda found: "-".join(found),
    )


def painters(view: Viewport) -> Iterator[tuple[CardPainter, list[Rect]]]:
    """A painter for each card, with where its words and its shape bar stand."""
    image = QImage(view.width(), view.height(), QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(image)
    ink = Ink(view.picture.spec.tasks, view.scene.camera.zoom_x)
    try:
        for card in view.scene.layout.cards.values():
            made = CardPainter(painter, view.scene, view.picture, ink, card, view.scene.pieces(card.spot.layer.id))
            yield made, [Rect(area.x(), area.y(), area.width(), area.height()) for area in made.paint()]
    finally:
        painter.end()


@every("pets", "scenes", "forty")
def test_cards_and_taps_and_words_keep_clear_of_one_another(view: Viewport) -> None:
    scene = view.scene
    rects = [(i, piece) for i in scene.layout.cards for piece in scene.pieces(i)]
    for (one, a), (two, b) in itertools.combinations(rects, 2):
        assert not a.touches(b), f"{one} lies on {two}"
    for card, taps in scene.taps.items():
        whole = scene.whole(card).grown(0.01)
        for tap in taps:
            assert whole.x <= tap.x and tap.right <= whole.right and whole.y <= tap.y and tap.bottom <= whole.bottom
        for a, b in itertools.combinations(taps, 2):
            assert not a.touches(b), f"taps of {card}"
    main = scene.frame.main
    for made, words in painters(view):
        taps = [tap for tap in scene.taps.get(made.layer.id, ()) if tap.y < main.bottom]
        assert not any(area.touches(tap) for area in words for tap in taps), f"a tap over the words of {made.layer.id}"
        assert words or made.pieces[0].w < 17


@every("pets", "scenes", "forty")
def test_skips_run_in_the_gutters(view: Viewport) -> None:
    """Along they run below a row; down and up on their own card, or between columns, never across a foreign card."""
    scene = view.scene
    for skip in scene.layout.routes.skips:
        arc, row = scene.arc(skip), scene.layout.rows[skip.row]
        assert scene.y(row.bottom) - 7 <= arc.low <= scene.y(row.bottom + row.gutter) + 1
        for end, x, card in ((arc.start, arc.down, skip.source), (arc.end, arc.up, skip.target)):
            assert scene.whole(card).contains(end, 1)
            for other in scene.layout.cards:
                for piece in scene.pieces(other):
                    if x is not None:
                        low, high = sorted((end.y, arc.low))
                        line = Rect(x - 0.4, low, 0.8, high - low)
                        assert not line.touches(piece), f"{skip.source} to {skip.target} runs across {other}"
                        assert other == card or not _level(end, x).touches(piece)


def _level(end: Point, x: float) -> Rect:
    """The level part of a skip's way beside a card."""
    return Rect(min(end.x, x), end.y - 0.4, abs(end.x - x), 0.8)


@every("pets", "scenes", "forty")
def test_skips_of_a_row_cross_no_card_of_that_row(view: Viewport) -> None:
    """Below the row there are only cards that reach over several rows: these hide what runs under them."""
    scene = view.scene
    for skip in scene.layout.routes.skips:
        arc = scene.arc(skip)
        first, last = sorted((arc.down or arc.start.x, arc.up or arc.end.x))
        along = Rect(first, arc.low - 0.3, last - first, 0.6)
        for card in scene.layout.cards.values():
            crossed = any(along.touches(piece) for piece in scene.pieces(card.spot.layer.id))
            assert not crossed or _reaches_below(card, skip.row), card.spot.layer.id


def _reaches_below(card: Card, row: int) -> bool:
    return any(first <= row < last for first, last in card.spot.pieces)


@every("pets", "scenes")
def test_names_can_be_read_at_a_glance_and_when_all_is_in_view(view: Viewport) -> None:
    for whole in (False, True):
        if whole:
            view.show_all()
        for made, _words in painters(view):
            rect = max(made.pieces, key=lambda piece: piece.h)
            if rect.w < 17 or rect.h < 11:
                continue  # seen from far away: no words; the tool tip has the name
            face, lines = made._name_lines(rect.w - 9)
            assert face.font.pixelSize() >= 9
            if rect.w >= 44:
                shown = [face.cut(line, rect.w - 9) for line in lines]
                assert all("…" not in line or len(line) > LETTERS for line in shown), shown


@pytest.mark.parametrize("view", [("pets", "unet", size) for size in SIZES], indirect=True)
def test_a_unet_goes_down_and_up(view: Viewport) -> None:
    assert view.picture.analysis is not None
    layout, reports = view.scene.layout, view.picture.analysis.layers
    mask = layout.row_of["t2"]
    way = sorted((card for card in layout.cards.values() if mask in card.spot.rows), key=lambda card: card.x)
    shapes = [reports[card.spot.layer.id].output_shape for card in way]
    bars = [glyph_size(shape, 128) for shape in shapes if shape is not None]
    heights = [height for _width, height in bars]
    turn = heights.index(min(heights))
    assert 2 < turn < len(heights) - 3
    assert heights[: turn + 1] == sorted(heights[: turn + 1], reverse=True)
    assert heights[turn:] == sorted(heights[turn:])
    assert heights[0] == heights[-1] > 3.5 * heights[turn]
    downs, ups = bars[1 : turn + 1], bars[turn:-1]
    assert [w for w, _h in downs] == sorted(w for w, _h in downs), "more channels, wider bars"
    assert [w for w, _h in ups] == sorted((w for w, _h in ups), reverse=True)
    numbers = {(skip.source, skip.target): skip.number for skip in layout.routes.skips}
    assert sorted(numbers.values()) == [1, 2, 3]


@pytest.mark.parametrize("view", [("twelve", template_id, "1280x720") for template_id in ALL], indirect=True)
def test_twelve_tasks_have_rows_of_28_pixels_and_their_names(view: Viewport) -> None:
    scene: Scene = view.scene
    assert len(scene.layout.rows) == 12
    assert all(scene.row(index).h >= 28 for index in range(12))


@pytest.mark.parametrize("template_id", ALL)
def test_a_folded_row_has_few_cards(template_id: str) -> None:
    """Thirty-eight tasks that are alike do not become thirty-eight cards."""
    view = Viewport(project("forty", template_id))
    view.resize(*SIZES["1280x720"])
    assert len(view.scene.layout.rows) == 3
    assert len(view.scene.layout.cards) <= 45, len(view.scene.layout.cards)
    view.deleteLater()


def test_eight_experts_stand_in_one_span(qtbot: Any) -> None:
    spec = project("pets", "mmoe")
    expert = next(layer for layer in spec.network.layers if layer.type != "expert_mix" and "Expert" in layer.name)
    network = spec.network
    for _more in range(8 - sum("Expert" in layer.name for layer in network.layers)):
        made = replace(expert, id=f"{expert.id}_{len(network.layers)}", name=f"Expert {len(network.layers)}")
        ways = [replace(c, target=made.id) for c in network.connections if c.target == expert.id]
        ways += [replace(c, source=made.id) for c in network.connections if c.source == expert.id]
        network = replace(network, layers=(*network.layers, made), connections=(*network.connections, *ways))
    view = Viewport(spec.with_network(network))
    qtbot.addWidget(view)
    view.resize(*SIZES["1280x720"])
    stack = [card for card in view.scene.layout.cards.values() if card.spot.layer.name.startswith("Expert")]
    assert len(stack) == 8 and len({card.spot.column for card in stack}) == 1
    assert all(view.scene.pieces(card.spot.layer.id)[0].h >= 26 for card in stack)
    assert all(words for _made, words in painters(view))


@pytest.mark.parametrize("view", [("pets", "ple", "1440x900")], indirect=True)
def test_a_line_without_taps_can_be_clicked(view: Viewport) -> None:
    scene = view.scene
    plain = [skip for skip in scene.layout.routes.skips if not skip.tapped]
    assert len(plain) > 6
    found = 0
    for skip in plain:
        arc = scene.arc(skip)
        assert arc.down is not None and arc.up is not None
        at = Point((arc.down + arc.up) / 2, arc.low)
        hit_there = hit(scene, at)
        if hit_there.kind == "wire":
            lines = [scene.arc(other) for other in plain if other.connection == hit_there.connection]
            assert lines[0].low == arc.low, "of lines that run together either may be meant"
            found += 1
    assert found > 3

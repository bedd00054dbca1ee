"""Claims about chips, segments, titles, bars, feedback: with real clicks and keys."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.ui.theme import DARK, LIGHT, apply_theme
from mtlstudio.ui.widgets import (
    Bar,
    Chip,
    Collapsible,
    ColourDot,
    ElidedLabel,
    EmptyState,
    FactList,
    FlowLayout,
    Gallery,
    Histogram,
    ImageView,
    KeyHint,
    Notice,
    Panel,
    ParameterForm,
    Part,
    SearchField,
    SectionTitle,
    Segment,
    SegmentedControl,
    Spinner,
    StackedBar,
    StatusDot,
    Toaster,
    ValueSlider,
    show_toast,
)

KEY = Qt.Key
LEFT = Qt.MouseButton.LeftButton


def _show(qtbot: QtBot, widget: QWidget, width: int = 300, height: int = 60) -> None:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)


# ── segments ──


@pytest.fixture
def segments(qtbot: QtBot) -> SegmentedControl:
    made = SegmentedControl(
        [Segment("data", "Data", "data", "Alt+1"), Segment("design", "Design"), Segment("train", "Train")]
    )
    _show(qtbot, made)
    return made


def test_a_click_on_a_segment_chooses_it(qtbot: QtBot, segments: SegmentedControl) -> None:
    assert segments.current() == "data"
    with qtbot.waitSignal(segments.changed) as told:
        qtbot.mouseClick(segments.button("train"), LEFT)
    assert told.args == ["train"]
    assert segments.current() == "train"


def test_arrows_move_between_segments_and_skip_refused_ones(qtbot: QtBot, segments: SegmentedControl) -> None:
    segments.set_segment_enabled("design", False, "No network yet")
    heard: list[str] = []
    segments.changed.connect(heard.append)
    segments.button("data").setFocus()
    qtbot.keyClick(segments.button("data"), KEY.Key_Right)
    assert heard == ["train"]
    assert segments.button("train").hasFocus()
    qtbot.keyClick(segments.button("train"), KEY.Key_Right)
    qtbot.keyClick(segments.button("train"), KEY.Key_Home)
    assert heard == ["train", "data"]
    assert segments.button("design").toolTip() == "No network yet"


def test_choosing_by_program_is_silent_and_unknown_ids_change_nothing(qtbot: QtBot, segments: SegmentedControl) -> None:
    with qtbot.assertNotEmitted(segments.changed):
        segments.set_current("design")
        segments.set_current("nonsense")
    assert segments.current() == "design"


def test_segments_without_words_keep_them_in_the_tool_tip(segments: SegmentedControl) -> None:
    segments.set_icons_only(True)
    assert segments.button("data").text() == ""
    assert "Data" in segments.button("data").toolTip()
    assert "Alt+1" in segments.button("data").toolTip()
    assert segments.button("design").text() == "Design"  # it has no icon to fall back on
    assert segments.button("data").accessibleName() == "Data"


def test_new_items_keep_the_choice_where_they_can(segments: SegmentedControl) -> None:
    segments.set_current("design")
    segments.set_items([Segment("design", "Design"), Segment("lab", "Lab")])
    assert segments.current() == "design"
    segments.set_items([Segment("lab", "Lab")])
    assert segments.current() == "lab"
    segments.set_items([])
    assert segments.current() == ""


# ── chip, dots, titles ──


def test_a_chip_toggles_by_click_and_by_key(qtbot: QtBot) -> None:
    chip = Chip("cat", "#4C9BE8")
    _show(qtbot, chip, 80, 24)
    qtbot.mouseClick(chip, LEFT)
    assert chip.isChecked()
    chip.setFocus()
    qtbot.keyClick(chip, KEY.Key_Space)
    assert not chip.isChecked()


def test_a_chip_makes_room_for_its_words_and_shows_its_colour(qtbot: QtBot) -> None:
    short, long = Chip("a"), Chip("a much longer text", "#ff0000")
    for chip in (short, long):
        qtbot.addWidget(chip)
    assert long.sizeHint().width() > short.sizeHint().width() + 80
    image = long.grab().toImage()
    assert any(image.pixelColor(x, image.height() // 2) == QColor("#ff0000") for x in range(image.width()))


def test_a_chip_grows_with_the_text_size(qapp: QApplication, qtbot: QtBot) -> None:
    chip = Chip("words")
    qtbot.addWidget(chip)
    before = chip.sizeHint()
    apply_theme(qapp, "dark", 2.0)
    try:
        assert chip.sizeHint().width() > 1.7 * before.width()
    finally:
        apply_theme(qapp, "dark")


def test_a_dot_follows_the_theme_where_its_colour_is_a_token(qapp: QApplication, qtbot: QtBot) -> None:
    dot = ColourDot("good", 10)
    qtbot.addWidget(dot)
    dot.resize(10, 10)
    assert dot.grab().toImage().pixelColor(5, 5) == QColor(DARK.good)
    apply_theme(qapp, "light")
    assert dot.grab().toImage().pixelColor(5, 5) == QColor(LIGHT.good)


def test_a_busy_dot_and_a_spinner_rest_while_hidden(qtbot: QtBot) -> None:
    dot, spinner = StatusDot("busy"), Spinner()
    for widget, timer in ((dot, dot._timer), (spinner, spinner._timer)):
        if isinstance(widget, Spinner):
            widget.start()
        assert not timer.isActive()
        _show(qtbot, widget, 20, 20)
        assert timer.isActive()
        widget.hide()
        assert not timer.isActive()


def test_a_spinner_turns_until_it_is_stopped(qtbot: QtBot) -> None:
    spinner = Spinner(24)
    _show(qtbot, spinner, 24, 24)
    spinner.start()
    first = spinner.grab().toImage()
    qtbot.waitUntil(lambda: spinner.grab().toImage() != first, timeout=2000)
    spinner.stop()
    assert not spinner.is_running()


def test_cut_words_stand_whole_in_the_tool_tip(qtbot: QtBot) -> None:
    label = ElidedLabel("american_bulldog_188_with_a_long_name.jpg")
    _show(qtbot, label, 90, 20)
    assert label.text().endswith("…")
    assert label.toolTip() == label.full_text() == "american_bulldog_188_with_a_long_name.jpg"
    label.resize(600, 20)
    assert label.text() == label.full_text()
    assert label.toolTip() == ""


def test_a_section_title_is_written_as_usual_and_only_drawn_in_capitals(qtbot: QtBot) -> None:
    title = SectionTitle("Gradients", "residual stage")
    qtbot.addWidget(title)
    assert title.text() == "Gradients"
    assert title.accessibleName() == "Gradients"


def test_a_key_hint_says_its_key(qtbot: QtBot) -> None:
    hint = KeyHint("Ctrl+Shift+P")
    qtbot.addWidget(hint)
    assert "P" in hint.accessibleName()
    assert hint.sizeHint().width() > KeyHint("P").sizeHint().width()


def test_facts_are_replaced_in_place(qtbot: QtBot) -> None:
    facts = FactList([("In", "128"), ("Out", "256")])
    qtbot.addWidget(facts)
    labels = facts.findChildren(QLabel)
    facts.set_facts([("In", "64"), ("Out", "32")])
    assert facts.findChildren(QLabel) == labels
    facts.set_facts([("MACs", "1 G")])
    assert facts.facts() == [("MACs", "1 G")]


# ── layout and surfaces ──


def test_flow_breaks_lines_where_the_room_ends(qtbot: QtBot) -> None:
    box = QWidget()
    flow = FlowLayout(box, spacing=6)
    chips = [Chip(f"chip number {i}") for i in range(8)]
    for chip in chips:
        flow.addWidget(chip)
    _show(qtbot, box, 260, 400)
    assert len({chip.y() for chip in chips}) > 2
    for chip in chips:
        assert QRect(0, 0, 260, flow.heightForWidth(260)).contains(chip.geometry())
    for a, b in ((a, b) for a in chips for b in chips if a is not b):
        assert not a.geometry().intersects(b.geometry())
    assert flow.heightForWidth(5000) < flow.heightForWidth(260)


def test_flow_can_be_emptied(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    flow = FlowLayout(box)
    flow.addWidget(Chip("x"))
    flow.clear()
    assert flow.count() == 0
    assert flow.itemAt(0) is None


def test_a_panel_shows_title_subtitle_and_dot_only_where_given(qtbot: QtBot) -> None:
    panel = Panel("Breed", "0.66", colour="#F2A541")
    panel.add(QLabel("body"))
    _show(qtbot, panel, 300, 100)
    assert panel.title() == "Breed"
    assert panel._dot.isVisible()
    panel.set_colour("")
    panel.set_subtitle("")
    assert not panel._dot.isVisible()
    assert not panel._subtitle.isVisible()


def test_a_panel_with_a_tone_has_that_border(qtbot: QtBot) -> None:
    panel = Panel("x")
    _show(qtbot, panel, 200, 60)
    panel.set_tone("warning")
    assert panel.grab().toImage().pixelColor(100, 0) == QColor(DARK.warning)


def test_a_notice_tells_its_button_from_its_words(qtbot: QtBot) -> None:
    notice = Notice("Breed has few samples", "Add dropout.", "Add dropout")
    _show(qtbot, notice, 260, 120)
    with qtbot.assertNotEmitted(notice.activated), qtbot.waitSignal(notice.triggered):
        qtbot.mouseClick(notice._button, LEFT)
    with qtbot.waitSignal(notice.activated):
        qtbot.mouseClick(notice, LEFT, pos=QPoint(100, 14))


def test_a_section_folds_and_opens_by_key(qtbot: QtBot) -> None:
    section = Collapsible("Advanced")
    inside = QLabel("inside")
    section.add(inside)
    _show(qtbot, section, 200, 100)
    head = section.findChild(QToolButton)
    with qtbot.waitSignal(section.toggled) as told:
        qtbot.keyClick(head, KEY.Key_Space)
    assert told.args == [False]
    assert not inside.isVisible()
    section.set_expanded(True)
    assert inside.isVisible()


# ── bars ──


@pytest.mark.parametrize(("fraction", "kept"), [(0.4, 0.4), (-1, 0), (7, 1), (math.nan, 0), (math.inf, 0)])
def test_a_bar_shows_a_share_and_nothing_else(qtbot: QtBot, fraction: float, kept: float) -> None:
    bar = Bar(fraction, "#ff0000")
    qtbot.addWidget(bar)
    bar.resize(100, 6)
    assert bar.fraction() == kept
    image = bar.grab().toImage()
    filled = sum(image.pixelColor(x, 3).red() > 200 for x in range(100))
    assert filled == pytest.approx(100 * kept, abs=2)


def test_parts_of_a_stacked_bar_fill_it_in_proportion(qtbot: QtBot) -> None:
    bar = StackedBar([Part(30, "shared", "a"), Part(0, "good"), Part(math.nan, "bad"), Part(10, "accent", "b")])
    qtbot.addWidget(bar)
    bar.resize(402, 40)
    first, empty, broken, last = bar.areas()
    assert first.width() == pytest.approx(3 * last.width())
    assert empty.isEmpty()
    assert broken.isEmpty()
    assert last.right() == pytest.approx(402)
    with qtbot.waitSignal(bar.clicked) as told:
        qtbot.mouseClick(bar, LEFT, pos=QPoint(390, 5))
    assert told.args == [3]


def test_a_stacked_bar_of_nothing_is_painted_empty(qtbot: QtBot) -> None:
    bar = StackedBar()
    qtbot.addWidget(bar)
    bar.resize(100, 30)
    assert bar.grab().toImage().pixelColor(50, 5) == QColor(DARK.track)


def test_columns_of_a_histogram_are_as_high_as_their_counts(qtbot: QtBot) -> None:
    histogram = Histogram([1, 4, 0, math.nan, 2])
    qtbot.addWidget(histogram)
    histogram.resize(100, 81)
    one, four, none, broken, two = (area.height() for area in histogram.areas())
    assert (four, two, one) == pytest.approx((80, 40, 20))
    assert none == broken == 1
    with qtbot.waitSignal(histogram.clicked) as told:
        qtbot.mouseClick(histogram, LEFT, pos=QPoint(90, 10))
    assert told.args == [4]


# ── feedback ──


def test_a_toast_goes_by_itself(qtbot: QtBot) -> None:
    window = QWidget()
    _show(qtbot, window, 600, 400)
    toaster = Toaster(window)
    toast = toaster.show("Saved", timeout=60)
    assert window.rect().contains(toast.geometry())
    with qtbot.waitSignal(toast.closed, timeout=2000):
        pass
    assert toaster.toasts() == []


def test_the_button_of_a_toast_acts_once_and_closes_it(qtbot: QtBot) -> None:
    window = QWidget()
    _show(qtbot, window, 600, 400)
    done: list[str] = []
    toast = show_toast(window, "Stage 4 split", "Undo", lambda: done.append("undone"), timeout=0)
    qtbot.mouseClick(toast._button, LEFT)
    assert done == ["undone"]
    assert toast.isHidden()


def test_toasts_stack_without_touching_and_are_at_most_three(qtbot: QtBot) -> None:
    window = QWidget()
    _show(qtbot, window, 600, 400)
    toasts = [show_toast(window, f"message {i}", timeout=0) for i in range(5)]
    toaster = window.findChild(Toaster)
    assert toaster.toasts() == toasts[2:]
    areas = [toast.geometry() for toast in toaster.toasts()]
    assert not any(a.intersects(b) for a in areas for b in areas if a is not b)
    window.resize(400, 300)
    assert all(window.rect().contains(toast.geometry()) for toast in toaster.toasts())


def test_an_empty_state_offers_what_to_do(qtbot: QtBot) -> None:
    empty = EmptyState("data", "No images yet", "Add data…")
    _show(qtbot, empty, 400, 300)
    with qtbot.waitSignal(empty.triggered):
        qtbot.mouseClick(empty._button, LEFT)
    empty.set_message("Nothing")
    assert not empty._button.isVisible()


# ── search ──


def test_search_keeps_the_keyboard_while_hits_are_walked_through(qtbot: QtBot) -> None:
    field = SearchField("Search layers…", "Tab")
    _show(qtbot, field, 200, 30)
    heard: list[object] = []
    field.stepped.connect(heard.append)
    field.accepted.connect(lambda: heard.append("accepted"))
    field.cancelled.connect(lambda: heard.append("cancelled"))
    qtbot.keyClicks(field, "conv")
    for key in (KEY.Key_Down, KEY.Key_Up, KEY.Key_Return, KEY.Key_Escape):
        qtbot.keyClick(field, key)
    assert field.text() == ""
    assert heard == [1, -1, "accepted"]
    qtbot.keyClick(field, KEY.Key_Escape)
    assert heard[-1] == "cancelled"


def test_the_key_hint_of_a_search_field_gives_way_to_words(qtbot: QtBot) -> None:
    field = SearchField("Search", "Tab")
    _show(qtbot, field, 200, 30)
    assert field._hint.isVisible()
    qtbot.keyClicks(field, "a")
    assert not field._hint.isVisible()


# ── all ──


MAKERS: list[Callable[[], QWidget]] = [
    lambda: Bar(0.3), lambda: StackedBar([Part(1, "good", "x")]), lambda: Histogram([1, 2]), lambda: Chip("x"),
    ColourDot, StatusDot, Spinner, lambda: SectionTitle("x"), lambda: ElidedLabel("x"), lambda: KeyHint("F5"),
    lambda: FactList([("a", "b")]), lambda: Panel("x"), lambda: EmptyState("data", "x"), ImageView,
]  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
def test_widgets_are_freed_with_their_last_reference(qapp: QApplication, make: Callable[[], QWidget]) -> None:
    ghost = weakref.ref(make())
    gc.collect()
    assert ghost() is None


COMPOSED: list[Callable[[], QWidget]] = [
    *MAKERS, lambda: SegmentedControl([Segment("a", "A", "play")]), lambda: Notice("x", "y", "z"),
    lambda: Collapsible("x"), lambda: SearchField("x", "Tab"), ValueSlider, ParameterForm, Gallery,
]  # fmt: skip


@pytest.mark.parametrize("make", COMPOSED)
def test_widgets_survive_both_themes_and_die_with_their_parent(
    qapp: QApplication, qtbot: QtBot, make: Callable[[], QWidget]
) -> None:
    window = QWidget()
    widget = make()
    QVBoxLayout(window).addWidget(widget)
    _show(qtbot, window, 300, 200)
    dark = window.grab().toImage()
    apply_theme(qapp, "light")
    assert window.grab().toImage() != dark
    gone: list[int] = []
    widget.destroyed.connect(lambda: gone.append(1))
    widget.deleteLater()
    qtbot.waitUntil(lambda: gone == [1])
    apply_theme(qapp, "dark")  # nobody calls the dead

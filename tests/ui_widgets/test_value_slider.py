"""Claims about the slider with a number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mtlstudio.ui.widgets import ValueSlider
from mtlstudio.ui.widgets.value_slider import Scaling

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def slider(qtbot: QtBot) -> ValueSlider:
    made = ValueSlider(0.0, 1.0, 0.25, default=0.5, name="Loss weight of Species")
    qtbot.addWidget(made)
    made.resize(220, 26)
    made.show()
    qtbot.waitExposed(made)
    return made


def _wheel(widget: object, steps: int) -> QWheelEvent:
    nothing = QPoint()
    return QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), nothing, QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip


@given(
    st.floats(0, 1),
    st.sampled_from([(0.0, 1.0, "linear"), (-2.0, 3.0, "linear"), (0.0, 10.0, "log"), (0.01, 10.0, "log")]),
)
def test_places_and_values_are_each_others_inverse(place: float, kind: tuple[float, float, str]) -> None:
    scaling = Scaling(*kind)  # type: ignore[arg-type]
    value = scaling.value(place)
    assert kind[0] <= value <= kind[1]
    assert scaling.place(value) == pytest.approx(place, abs=1e-6)


def test_equal_ways_on_a_logarithmic_scale_are_equal_factors() -> None:
    scaling = Scaling(0.01, 100, "log")
    assert [scaling.value(p) for p in (0.25, 0.5, 0.75)] == pytest.approx([0.1, 1, 10])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_nonsense_becomes_a_bound(value: float) -> None:
    assert Scaling(0, 10, "log").clamped(value) in (0, 10)


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (2.0, 1.0), (0.0, math.inf)])
def test_impossible_bounds_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="minimum"):
        Scaling(*bounds)


def test_a_drag_changes_live_and_is_released_once(qtbot: QtBot, slider: ValueSlider) -> None:
    changed: list[float] = []
    released: list[float] = []
    slider.changed.connect(changed.append)
    slider.released.connect(released.append)
    track = slider._track
    middle = track.height() // 2
    qtbot.mousePress(track, LEFT, pos=QPoint(20, middle))
    assert slider.is_dragging()
    for x in (60, 90, track.width()):
        qtbot.mouseMove(track, QPoint(x, middle))
        QApplication.processEvents()
    qtbot.mouseRelease(track, LEFT, pos=QPoint(track.width(), middle))
    assert changed == sorted(changed)
    assert len(changed) >= 3
    assert changed[-1] == 1.0
    assert released == [1.0]


def test_a_double_click_gives_the_default_back(qtbot: QtBot, slider: ValueSlider) -> None:
    with qtbot.waitSignal(slider.released) as told:
        qtbot.mouseDClick(slider._track, LEFT)
    assert told.args == [0.5]
    assert slider.value() == 0.5


def test_keys_move_it(qtbot: QtBot, slider: ValueSlider) -> None:
    slider.setFocus()
    qtbot.keyClick(slider._track, Qt.Key.Key_Right)
    assert slider.value() == pytest.approx(0.27)
    qtbot.keyClick(slider._track, Qt.Key.Key_End)
    assert slider.value() == 1.0
    with qtbot.assertNotEmitted(slider.released):
        qtbot.keyClick(slider._track, Qt.Key.Key_End)


def test_the_wheel_moves_it_only_with_the_focus(qtbot: QtBot, slider: ValueSlider) -> None:
    slider._edit.setFocus()
    event = _wheel(slider._track, 1)
    QApplication.sendEvent(slider._track, event)
    assert slider.value() == 0.25
    assert not event.isAccepted()  # the panel behind it may scroll
    slider.setFocus()
    QApplication.sendEvent(slider._track, _wheel(slider._track, 1))
    assert slider.value() > 0.25


@pytest.mark.parametrize(("typed", "value"), [("0.7", 0.7), ("0,7", 0.7), ("1e-2", 0.01), ("1", 1.0)])
def test_a_number_can_be_typed(qtbot: QtBot, slider: ValueSlider, typed: str, value: float) -> None:
    heard: list[float] = []
    slider.changed.connect(heard.append)
    slider._edit.setFocus()
    slider._edit.selectAll()
    qtbot.keyClicks(slider._edit, typed)
    assert heard == []
    qtbot.keyClick(slider._edit, Qt.Key.Key_Return)
    assert heard == [value]


@pytest.mark.parametrize("typed", ["abc", "7", "-1", "nan", "inf", ""])
def test_what_is_no_value_is_shown_as_wrong_and_not_told(qtbot: QtBot, slider: ValueSlider, typed: str) -> None:
    slider._edit.setFocus()
    slider._edit.selectAll()
    qtbot.keyClick(slider._edit, Qt.Key.Key_Delete)
    with qtbot.assertNotEmitted(slider.changed):
        qtbot.keyClicks(slider._edit, typed)
        qtbot.keyClick(slider._edit, Qt.Key.Key_Return)
    assert slider._edit.property("wrong")
    assert "0" in slider._edit.toolTip()
    slider.set_value(0.3)
    assert not slider._edit.property("wrong")


def test_setting_a_value_is_silent_and_clamped(qtbot: QtBot, slider: ValueSlider) -> None:
    with qtbot.assertNotEmitted(slider.changed):
        slider.set_value(7)
    assert slider.value() == 1.0
    assert slider._edit.text() == "1.00"


def test_zero_is_at_the_left_end_of_a_logarithmic_scale(qtbot: QtBot) -> None:
    slider = ValueSlider(0, 10, 1.0, scale="log")
    qtbot.addWidget(slider)
    slider._track.setFocus()
    qtbot.keyClick(slider._track, Qt.Key.Key_Home)
    assert slider.value() == 0.0


def test_small_values_keep_their_figures(qtbot: QtBot) -> None:
    slider = ValueSlider(0, 10, 0.00125, scale="log")
    qtbot.addWidget(slider)
    assert float(slider._edit.text()) == 0.00125


def test_it_says_its_name(slider: ValueSlider) -> None:
    assert slider._track.accessibleName() == slider._edit.accessibleName() == "Loss weight of Species"

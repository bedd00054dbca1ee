"""Claims about the form made from declarations."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QInputMethodEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QFileDialog, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import set_language
from mtlstudio.ui.widgets import MIXED, ParameterForm
from mtlstudio.ui.widgets.number_edit import NumberEdit, number_text, stepped

CHANNELS = Parameter("out_channels", "int", 64, "Out channels", "Number of maps.", minimum=1, maximum=4096)
RATE = Parameter("lr", "float", 1e-3, "Learning rate", minimum=0, maximum=1)
NORM = Parameter("norm", "choice", "batch", "Norm", choices={"batch": "batch", "group": "group", "none": "none"})
GROUPS = Parameter("groups", "int", None, "Groups", optional=True, minimum=1, visible_if=("norm", ("group",)))
BIAS = Parameter("bias", "bool", True, "Bias")
LAST = Parameter("channels_last", "bool", None, "Channels last", optional=True)
NAMES = Parameter("classes", "names", ("cat", "dog"), "Classes")
SIZES = Parameter("sizes", "ints", (1, 2), "Sizes", minimum=1)
SCALES = Parameter("scales", "floats", (0.5, 2.0), "Scales")
FILE = Parameter("weights", "file", "", "Weights file")
NOTE = Parameter("note", "text", "", "Note")
ALL = (CHANNELS, RATE, NORM, GROUPS, BIAS, LAST, NAMES, SIZES, SCALES, FILE, NOTE)


class Heard(list[tuple[str, Any]]):
    """What a form has told."""

    def __init__(self, form: ParameterForm) -> None:
        super().__init__()
        form.changed.connect(lambda name, value: self.append((name, value)))


@pytest.fixture
def form(qtbot: QtBot) -> ParameterForm:
    made = ParameterForm(ALL)
    qtbot.addWidget(made)
    made.resize(320, 500)
    made.show()
    qtbot.waitExposed(made)
    return made


def _line(form: ParameterForm, name: str) -> QLineEdit:
    field = form.editor(name).field()
    return field.lineEdit() if isinstance(field, NumberEdit) else field  # type: ignore[return-value]


def _type(qtbot: QtBot, form: ParameterForm, name: str, text: str) -> None:
    line = _line(form, name)
    line.setFocus()
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    for letter in text:
        _press(qtbot, line, letter)


def _press(qtbot: QtBot, line: QLineEdit, letter: str) -> None:
    """A key, or what an input method gives where there is no key."""
    if letter.isascii():
        qtbot.keyClicks(line, letter)
    else:
        event = QInputMethodEvent()
        event.setCommitString(letter)
        QApplication.sendEvent(line, event)


def test_a_form_starts_with_the_defaults(form: ParameterForm) -> None:
    assert form.values() == {p.name: p.default for p in ALL}
    assert form.errors() == {}


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("out_channels", "128", 128),
        ("lr", "3e-4", 3e-4),
        ("lr", "0.0125", 0.0125),
        ("lr", "0,5", 0.5),
        ("classes", "cat, dog, hamster", ("cat", "dog", "hamster")),
        ("classes", "猫，狗", ("猫", "狗")),
        ("sizes", "1,3 , 6", (1, 3, 6)),
        ("scales", "0.25, 1e1", (0.25, 10.0)),
        ("weights", "net.safetensors", "net.safetensors"),
        ("note", "two words", "two words"),
    ],
)
def test_typing_tells_the_value_in_its_own_type(
    qtbot: QtBot, form: ParameterForm, name: str, typed: str, value: Any
) -> None:
    heard = Heard(form)
    _type(qtbot, form, name, typed)
    assert heard[-1] == (name, value)
    assert type(heard[-1][1]) is type(value)
    assert form.values()[name] == value
    assert form.errors() == {}


@pytest.mark.parametrize(
    ("name", "typed"),
    [("out_channels", "0"), ("out_channels", "5000"), ("out_channels", "many"), ("out_channels", "1.5"),
     ("lr", "2"), ("lr", "-1e-3"), ("lr", "nan"), ("lr", "1e999"), ("sizes", "1,x"), ("sizes", "0"), ("scales", "a")],
)  # fmt: skip
def test_what_is_not_allowed_is_shown_and_not_told(qtbot: QtBot, form: ParameterForm, name: str, typed: str) -> None:
    before = form.values()[name]
    _type(qtbot, form, name, typed[:-1])
    heard = Heard(form)
    refused: list[tuple[str, str]] = []
    form.refused.connect(lambda n, why: refused.append((n, why)))
    qtbot.keyClicks(_line(form, name), typed[-1])
    assert heard == []
    parameter = next(p for p in ALL if p.name == name)
    assert parameter.expected() in form.errors()[name]
    assert refused[-1] == (name, form.errors()[name])
    assert form.editor(name).field().property("wrong")
    form.set_values({name: before})
    _line(form, name).clearFocus()
    form.set_values({name: parameter.default})
    assert form.errors() == {}


def test_the_same_value_again_is_not_told(qtbot: QtBot, form: ParameterForm) -> None:
    form.set_values({"lr": 0.5})
    heard = Heard(form)
    qtbot.keyClicks(_line(form, "lr"), "0")  # 0.50
    assert heard == []


def test_half_typed_words_are_left_alone_when_the_value_comes_back(qtbot: QtBot, form: ParameterForm) -> None:
    form.changed.connect(lambda name, value: form.set_values({name: value}))
    _type(qtbot, form, "lr", "0.0040")
    assert _line(form, "lr").text() == "0.0040"
    assert form.values()["lr"] == 0.004
    _type(qtbot, form, "classes", "a,")
    assert _line(form, "classes").text() == "a,"


def test_a_refused_word_survives_an_unrelated_refresh(qtbot: QtBot, form: ParameterForm) -> None:
    _type(qtbot, form, "lr", "1e-")
    form.set_values(form.values() | {"out_channels": 32})
    assert _line(form, "lr").text() == "1e-"
    assert "lr" in form.errors()


def test_a_number_is_written_short_when_the_user_goes_on(qtbot: QtBot, form: ParameterForm) -> None:
    _type(qtbot, form, "lr", "0.00010")
    qtbot.keyClick(_line(form, "lr"), Qt.Key.Key_Tab)
    form.editor("lr").field().editingFinished.emit()  # type: ignore[attr-defined]
    assert _line(form, "lr").text() == "1e-4"


def test_choice_tells_its_id(qtbot: QtBot, form: ParameterForm) -> None:
    heard = Heard(form)
    combo = form.editor("norm").field()
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert heard == [("norm", "group")]


def test_rows_appear_when_their_condition_is_met(qtbot: QtBot, form: ParameterForm) -> None:
    assert form.editor("groups").isHidden()
    combo = form.editor("norm").field()
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert not form.editor("groups").isHidden()
    form.set_values({"norm": "none"})
    assert form.editor("groups").isHidden()
    form.set_values({"norm": MIXED})
    assert not form.editor("groups").isHidden()


def test_a_check_box_tells_true_and_false(qtbot: QtBot, form: ParameterForm) -> None:
    heard = Heard(form)
    box = form.editor("bias").field()
    assert isinstance(box, QCheckBox)
    for _ in range(2):
        qtbot.keyClick(box, Qt.Key.Key_Space)
    assert heard == [("bias", False), ("bias", True)]


def test_optional_values_may_be_left_to_the_machine(qtbot: QtBot, form: ParameterForm) -> None:
    form.set_values({"norm": "group", "groups": 8})
    heard = Heard(form)
    _type(qtbot, form, "groups", "")
    assert heard == [("groups", None)]
    assert _line(form, "groups").placeholderText() == "auto"
    combo = form.editor("channels_last").field()
    assert isinstance(combo, QComboBox)
    assert combo.currentText() == "auto"
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert heard[-1] == ("channels_last", True)


@pytest.mark.parametrize("parameter", ALL, ids=lambda p: p.name)
def test_mixed_values_show_a_dash_until_they_are_made_one(
    qtbot: QtBot, form: ParameterForm, parameter: Parameter
) -> None:
    form.set_values({parameter.name: MIXED})
    field = form.editor(parameter.name).field()
    if isinstance(field, QCheckBox):
        assert field.checkState() == Qt.CheckState.PartiallyChecked
    elif isinstance(field, QComboBox):
        assert (field.currentIndex(), field.placeholderText()) == (-1, "—")
    else:
        line = _line(form, parameter.name)
        assert (line.text(), line.placeholderText()) == ("", "—")
    assert form.errors() == {}
    assert form.values()[parameter.name] is MIXED


def test_making_mixed_values_one_is_told_even_at_the_default(qtbot: QtBot, form: ParameterForm) -> None:
    form.set_values({"out_channels": MIXED, "bias": MIXED})
    heard = Heard(form)
    _type(qtbot, form, "out_channels", "6")
    qtbot.keyClick(form.editor("bias").field(), Qt.Key.Key_Space)
    assert [name for name, _ in heard] == ["out_channels", "bias"]


def test_a_wrong_value_from_a_file_is_shown_with_what_was_expected(form: ParameterForm) -> None:
    form.set_values({"out_channels": -3, "norm": "layer", "lr": "fast", "sizes": (0,)})
    assert set(form.errors()) == {"out_channels", "norm", "lr", "sizes"}
    assert _line(form, "out_channels").text() == "-3"
    combo = form.editor("norm").field()
    assert isinstance(combo, QComboBox)
    assert combo.placeholderText() == "layer"


def test_a_choice_equal_to_another_type_is_not_confused(qtbot: QtBot) -> None:
    form = ParameterForm([LAST])
    qtbot.addWidget(form)
    form.set_values({"channels_last": False})
    combo = form.editor("channels_last").field()
    assert isinstance(combo, QComboBox)
    assert combo.currentText() == "no"


def test_help_stands_in_the_tool_tip_and_names_are_spoken(form: ParameterForm) -> None:
    editor = form.editor("out_channels")
    assert editor.toolTip() == "Number of maps."
    assert editor.field().accessibleName() == "Out channels"


def test_arrows_step_numbers_within_their_bounds(qtbot: QtBot, form: ParameterForm) -> None:
    heard = Heard(form)
    number = form.editor("out_channels").field()
    qtbot.keyClick(number, Qt.Key.Key_Up)
    assert heard == [("out_channels", 65)]
    form.set_values({"out_channels": 1})
    qtbot.keyClick(number, Qt.Key.Key_Down)
    assert form.values()["out_channels"] == 1


@pytest.mark.parametrize(
    ("value", "steps", "result"),
    [(0.001, 1, 0.002), (0.002, -1, 0.001), (0.001, -1, 0.0009), (9e-4, 1, 1e-3), (0.25, 1, 0.35), (-0.01, 1, -0.009),
     (0.0, 1, 0.01), (0.0, -1, -0.01), (0.1, 3, 0.4)],
)  # fmt: skip
def test_floats_step_by_their_leading_digit(value: float, steps: int, result: float) -> None:
    assert stepped(value, steps, None, False) == pytest.approx(result, rel=1e-9)


@pytest.mark.parametrize(
    ("value", "text"), [(1e-4, "1e-4"), (0.004, "0.004"), (0.1 + 0.2, "0.3"), (1.5e-7, "1.5e-7"), (3.0, "3"),
                        (256, "256"), (0.0, "0"), (1e8, "1e8"), (-2.5e-5, "-2.5e-5"), (2**70, str(2**70))],
)  # fmt: skip
def test_numbers_are_written_short(value: float, text: str) -> None:
    assert number_text(value) == text


def test_large_whole_numbers_are_kept(qtbot: QtBot) -> None:
    form = ParameterForm([Parameter("seed", "int", 0, "Seed", minimum=0)])
    qtbot.addWidget(form)
    heard = Heard(form)
    line = _line(form, "seed")
    line.selectAll()
    qtbot.keyClicks(line, "123456789012345")
    assert heard[-1] == ("seed", 123456789012345)


def test_the_wheel_over_a_form_scrolls_the_panel_and_changes_nothing(qtbot: QtBot, form: ParameterForm) -> None:
    _line(form, "note").setFocus()
    heard = Heard(form)
    for name in ("out_channels", "lr", "norm"):
        event = QWheelEvent(
            QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(form.editor(name).field(), event)
        assert not event.isAccepted()
    assert heard == []


def test_a_file_can_be_browsed_for(
    qtbot: QtBot, form: ParameterForm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heard = Heard(form)
    path = str(tmp_path / "net.pt")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (path, ""))
    button = form.editor("weights").findChild(QToolButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert heard == [("weights", path)]


def test_other_parameters_replace_the_rows(form: ParameterForm) -> None:
    form.set_parameters([RATE, BIAS], {"lr": 0.5})
    assert form.values() == {"lr": 0.5, "bias": True}
    before = form.editor("lr")
    form.set_parameters([RATE, BIAS], {"bias": False})
    assert form.editor("lr") is before
    assert form.values() == {"lr": RATE.default, "bias": False}


def test_setting_values_is_silent_and_passes_over_unknown_names(form: ParameterForm) -> None:
    heard = Heard(form)
    form.set_values({p.name: p.default for p in ALL} | {"nonsense": 1, "out_channels": 12, "bias": False})
    assert heard == []
    assert "nonsense" not in form.values()


def test_a_problem_found_elsewhere_is_shown_until_the_next_value(qtbot: QtBot, form: ParameterForm) -> None:
    form.set_problem("out_channels", "The head needs 2 channels.")
    assert form.errors() == {"out_channels": "The head needs 2 channels."}
    _type(qtbot, form, "out_channels", "2")
    assert form.errors() == {}


def test_a_thousand_random_acts_never_raise_and_never_tell_an_invalid_value(qtbot: QtBot, form: ParameterForm) -> None:
    chance = random.Random(5)
    heard = Heard(form)
    keys = "0123456789.,-+e 猫abcnif"
    special = [
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Backspace,
        Qt.Key.Key_Space,
        Qt.Key.Key_Return,
        Qt.Key.Key_Home,
    ]
    odd = [None, MIXED, -1, 0, 1e-9, 1e300, float("nan"), "", "x", (), (1, "a"), True, [], {}, 3.5]
    by_name = {p.name: p for p in ALL}
    with qtbot.captureExceptions() as problems:
        for _ in range(1000):
            name = chance.choice(list(by_name))
            field: QWidget = form.editor(name).field()
            act = chance.random()
            if act < 0.5 and not isinstance(field, QCheckBox | QComboBox):
                _press(qtbot, _line(form, name), chance.choice(keys))
            elif act < 0.8:
                qtbot.keyClick(field, chance.choice(special))
            else:
                form.set_values({name: chance.choice(odd)})
    assert not problems
    assert len(heard) > 100
    for name, value in heard:
        try:
            by_name[name].check(value)
        except StudioError:
            pytest.fail(f"{name} = {value!r} was told")


def test_a_change_of_language_keeps_values_and_faults(qtbot: QtBot, form: ParameterForm) -> None:
    form.set_values({"out_channels": 12, "lr": 5})
    before = form.editor("lr")
    set_language("zh_CN")
    assert form.editor("lr") is not before
    assert form.values()["out_channels"] == 12
    assert "lr" in form.errors()

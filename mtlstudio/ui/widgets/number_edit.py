"""A line for one number, of any size, that can also be empty: `auto`, or several values at once."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError


def number_text(value: float | int) -> str:
    """A number as short as it can be without losing anything that matters: `0.004`, `1e-4`, `256`."""
    if isinstance(value, int):
        return str(value)
    if value and (abs(value) < 1e-3 or abs(value) >= 1e7):
        mantissa, _, power = f"{value:.12e}".partition("e")
        digits = mantissa.rstrip("0").rstrip(".")
        return f"{digits}e{int(power)}"
    return f"{value:.12g}"


def stepped(value: float, steps: int, step: float | None, whole: bool) -> float:
    """The value some clicks further: by `step`, or by one unit of the leading digit (0.001 → 0.002; down: 0.0009)."""
    if step is not None or whole:
        return value + steps * (step if step is not None else 1)
    for _ in range(abs(steps)):
        if value == 0:
            value = math.copysign(0.01, steps)
            continue
        inward = (steps < 0) == (value > 0)
        power = math.floor(math.log10(abs(value)) + 1e-9)
        if inward and abs(value) <= 10.0**power * (1 + 1e-9):
            power -= 1
        value = float(f"{value + math.copysign(10.0**power, steps):.12g}")
    return value


class NumberEdit(QAbstractSpinBox):
    """An editor for an `int` or `float` parameter; scientific notation is welcome.

    Signals:
        edited(): the user has typed or stepped.
    """

    edited = Signal()

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parameter = parameter
        self.setAccelerated(True)
        self.lineEdit().setTextMargins(6, 0, 0, 0)
        self.lineEdit().textEdited.connect(lambda: self.edited.emit())

    def text_now(self) -> str:
        """The words as they stand."""
        return self.lineEdit().text()

    def parsed(self) -> Any:
        """The value that stands there; a decimal comma is understood.

        Raises:
            StudioError: it is none that the parameter allows.
        """
        return self._parameter.parse(self.text_now().replace("，", ".").replace(",", "."))

    def set_text(self, text: str) -> None:
        """Changes the words without a signal."""
        self.lineEdit().setText(text)

    def set_placeholder(self, text: str) -> None:
        """What is read while the line is empty."""
        self.lineEdit().setPlaceholderText(text)

    def sizeHint(self) -> QSize:  # noqa: N802
        """A narrow field."""
        return QSize(96, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """May be narrower in a narrow panel."""
        return QSize(56, super().minimumSizeHint().height())

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        """Lets everything be typed; the form judges."""
        return QValidator.State.Acceptable, text, place

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:  # noqa: N802
        """Which of the two arrows works."""
        none, up, down = (
            QAbstractSpinBox.StepEnabledFlag.StepNone,
            QAbstractSpinBox.StepEnabledFlag.StepUpEnabled,
            QAbstractSpinBox.StepEnabledFlag.StepDownEnabled,
        )
        value = self._value()
        if self.isReadOnly() or value is None:
            return none if self.isReadOnly() else up | down
        low, high = self._parameter.minimum, self._parameter.maximum
        return (up if high is None or value < high else none) | (down if low is None or value > low else none)

    def stepBy(self, steps: int) -> None:  # noqa: N802
        """Steps, staying within the bounds."""
        whole = self._parameter.kind == "int"
        value = self._value()
        low, high = self._parameter.minimum, self._parameter.maximum
        if value is None:
            start = self._parameter.default if isinstance(self._parameter.default, int | float) else low or 0
            moved = float(start)
        else:
            moved = stepped(value, steps, self._parameter.step, whole)
        moved = min(moved, high if high is not None else moved)
        moved = max(moved, low if low is not None else moved)
        text = number_text(int(moved) if whole else float(moved))
        if text != self.text_now():
            self.set_text(text)
            self.edited.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Steps only with the focus: a panel must scroll under the pointer."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter is left to the form's dialog; the rest is typing."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.editingFinished.emit()
            event.ignore()
            return
        super().keyPressEvent(event)

    def _value(self) -> float | None:
        try:
            value = self.parsed()
        except StudioError:
            return None
        return value if isinstance(value, int | float) else None

"""One editor per kind of parameter, all with the same few methods."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QWidget

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.ui.widgets.common import set_property
from mtlstudio.ui.widgets.icons import set_icon
from mtlstudio.ui.widgets.number_edit import NumberEdit, number_text


class _Mixed:
    """The selected things differ here."""

    def __repr__(self) -> str:
        return "MIXED"


MIXED: Final = _Mixed()
DASH = "—"


class Editor(QWidget):
    """An editor of one parameter.

    Signals:
        edited(object): the user has made a valid value.
        refused(str): the user has made something else; why.
    """

    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)

    def set_value(self, value: Any) -> None:
        """Shows a value, `MIXED` or something invalid, without a signal."""
        raise NotImplementedError

    def set_wrong(self, wrong: bool) -> None:
        """Colours the editor."""
        set_property(self.field(), "wrong", wrong)

    def field(self) -> QWidget:
        """The widget that takes the focus."""
        raise NotImplementedError

    def add_button(self, button: QWidget) -> None:
        """Puts something that helps to choose at the right of the field."""
        self._row.addWidget(button)

    def is_typing(self) -> bool:
        """Whether the keyboard is in it."""
        return self.field().hasFocus()

    def _judge(self, value: Any) -> None:
        try:
            checked = self.parameter.check(value)
        except StudioError:
            self.refused.emit(expectation(self.parameter))
        else:
            self.edited.emit(checked)


class LineEditor(Editor):
    """Words, names, lists of numbers, files: a line, judged at every key."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._line = QLineEdit()
        self._line.textEdited.connect(self._typed)
        self._row.addWidget(self._line, 1)
        if parameter.kind == "file":
            self._row.addWidget(self._browse_button())

    def set_value(self, value: Any) -> None:
        """See `Editor`; what the user is typing is left alone where it means the same."""
        self._line.setPlaceholderText(DASH if value is MIXED else tr("auto") if self.parameter.optional else "")
        if value is MIXED or value is None:
            if not (self._line.hasFocus() and value is None and not self._line.text().strip()):
                self._line.clear()
        elif not self._means(value):
            self._line.setText(_line_text(value))

    def field(self) -> QWidget:
        """The line."""
        return self._line

    def _means(self, value: Any) -> bool:
        try:
            return bool(self._line.text().strip()) and self._parsed(self._line.text()) == value
        except StudioError:
            return False

    def _parsed(self, text: str) -> Any:
        many = self.parameter.kind in ("names", "ints", "floats")
        clean = ",".join(part for part in text.replace("，", ",").split(",") if part.strip()) if many else text
        if self.parameter.kind in ("text", "file") and not self.parameter.optional:
            return self.parameter.check(text)
        return self.parameter.parse(clean)

    def _typed(self, text: str) -> None:
        try:
            value = self._parsed(text)
        except StudioError:
            self.refused.emit(expectation(self.parameter))
        else:
            self.edited.emit(value)

    def _browse_button(self) -> QToolButton:
        found = QToolButton()
        found.setToolTip(tr("Choose a file"))
        found.setAccessibleName(tr("Choose a file"))
        set_icon(found, "folder-open", "dim", 16)
        found.clicked.connect(self._browse)
        return found

    def _browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Choose a file"), self._line.text())
        if path:
            self._line.setText(path)
            self._typed(path)


class NumberEditor(Editor):
    """An int or a float."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._number = NumberEdit(parameter)
        self._number.edited.connect(self._typed)
        self._number.editingFinished.connect(self._finished)
        self._row.addWidget(self._number, 1)

    def set_value(self, value: Any) -> None:
        """See `Editor`; what the user is typing is left alone where it means the same."""
        self._number.set_placeholder(DASH if value is MIXED else tr("auto") if self.parameter.optional else "")
        if value is MIXED or value is None:
            self._number.set_text("")
        elif not self._means(value):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            self._number.set_text(number_text(value) if number else str(value))

    def field(self) -> QWidget:
        """The number's line."""
        return self._number

    def _means(self, value: Any) -> bool:
        try:
            return bool(self._number.text_now().strip()) and self._number.parsed() == value
        except StudioError:
            return False

    def _finished(self) -> None:
        """Writes what is valid in its short form once the user goes on."""
        try:
            value = self._number.parsed()
        except StudioError:
            return
        if value is not None:
            self._number.set_text(number_text(value))

    def _typed(self) -> None:
        try:
            value = self._number.parsed()
        except StudioError:
            self.refused.emit(expectation(self.parameter))
        else:
            self.edited.emit(value)


class BoolEditor(Editor):
    """Yes or no."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._check = QCheckBox()
        self._check.clicked.connect(self._clicked)
        self._row.addWidget(self._check)
        self._row.addStretch(1)

    def set_value(self, value: Any) -> None:
        """See `Editor`."""
        self._check.setTristate(value is MIXED)
        state = Qt.CheckState.PartiallyChecked if value is MIXED else Qt.CheckState.Unchecked
        self._check.setCheckState(Qt.CheckState.Checked if value is True else state)

    def field(self) -> QWidget:
        """The check box."""
        return self._check

    def _clicked(self) -> None:
        self._check.setTristate(False)
        self._judge(self._check.isChecked())


class _QuietCombo(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Turns only with the focus: a panel must scroll under the pointer."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceEditor(Editor):
    """One of several words; also a yes or no that may be left to the machine."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._combo = _QuietCombo()
        self._combo.setPlaceholderText(DASH)
        self._combo.setMinimumContentsLength(4)
        self._combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        choices: dict[Any, str] = {None: tr("auto")} if parameter.optional else {}
        if parameter.kind == "bool":
            choices |= {True: tr("yes"), False: tr("no")}
        choices |= {value: tr(words) or value for value, words in (parameter.choices or {}).items()}
        self._values = list(choices)
        self._combo.addItems(list(choices.values()))
        self._combo.activated.connect(lambda index: self._judge(self._values[index]))
        self._row.addWidget(self._combo, 1)

    def set_value(self, value: Any) -> None:
        """See `Editor`; a value that is no choice shows as itself."""
        known = next((i for i, choice in enumerate(self._values) if choice is value or choice == value), -1)
        self._combo.setPlaceholderText(DASH if value is MIXED or known >= 0 else str(value))
        self._combo.setCurrentIndex(known)

    def field(self) -> QWidget:
        """The combo box."""
        return self._combo


def editor_for(parameter: Parameter) -> Editor:
    """The editor that fits a parameter's kind."""
    if parameter.kind in ("int", "float"):
        return NumberEditor(parameter)
    if parameter.kind == "choice" or (parameter.kind == "bool" and parameter.optional):
        return ChoiceEditor(parameter)
    if parameter.kind == "bool":
        return BoolEditor(parameter)
    return LineEditor(parameter)


def expectation(parameter: Parameter) -> str:
    """What is allowed, as a sentence."""
    return tr("Expected: {expected}.", expected=parameter.expected())


def _line_text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(number_text(v) if isinstance(v, int | float) else str(v) for v in value)
    return str(value)

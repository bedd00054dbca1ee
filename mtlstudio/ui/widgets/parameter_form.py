"""A form made from declarations: one row per parameter, the right editor per kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import language, tr
from mtlstudio.ui.widgets.common import follow_language, label
from mtlstudio.ui.widgets.parameter_editors import MIXED, Editor, editor_for, expectation

__all__ = ["MIXED", "ParameterForm"]


class _Row:
    """A parameter's label, editor and message."""

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        words = tr(parameter.label) or parameter.name
        self.name = label(words, role="dim", wrap=True)
        self.editor: Editor = editor_for(parameter)
        self.message = label(role="bad", wrap=True)
        self.message.hide()
        self.error = ""
        self.name.setBuddy(self.editor.field())
        help_ = tr(parameter.help) if parameter.help else ""
        for widget in (self.name, self.editor):
            widget.setToolTip(help_)
        self.editor.field().setAccessibleName(words)
        self.editor.field().setAccessibleDescription(help_)

    def set_error(self, error: str) -> None:
        """Shows or takes away what is wrong."""
        self.error = error
        self.message.setText(error)
        self.message.setVisible(bool(error) and not self.editor.isHidden())
        self.editor.set_wrong(bool(error))

    def set_shown(self, shown: bool) -> None:
        """Shows or hides the whole row."""
        self.name.setVisible(shown)
        self.editor.setVisible(shown)
        self.message.setVisible(shown and bool(self.error))

    def widgets(self) -> tuple[QLabel, Editor, QLabel]:
        """All that the row is made of."""
        return self.name, self.editor, self.message


class ParameterForm(QWidget):
    """Editors for declared parameters.

    Signals:
        changed(str, object): a parameter's new, valid value, at every key: merge the undo steps.
        refused(str, str): what was typed is not valid, and why; the form shows it itself.
    """

    changed = Signal(str, object)
    refused = Signal(str, str)

    def __init__(
        self, parameters: Sequence[Parameter] = (), values: Mapping[str, Any] | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._rows: dict[str, _Row] = {}
        self._values: dict[str, Any] = {}
        self._language = language()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        follow_language(self, self._rebuild)
        self.set_parameters(parameters, values)

    def parameters(self) -> tuple[Parameter, ...]:
        """What the form edits."""
        return tuple(row.parameter for row in self._rows.values())

    def set_parameters(self, parameters: Sequence[Parameter], values: Mapping[str, Any] | None = None) -> None:
        """Edits other parameters; without values they stand at their defaults. The same ones keep their editors."""
        if tuple(parameters) != self.parameters():
            self._build(parameters)
        self._values = {parameter.name: parameter.default for parameter in parameters}
        self.set_values(values or {})

    def values(self) -> dict[str, Any]:
        """All values, `MIXED` ones included."""
        return dict(self._values)

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Shows values (`MIXED` where several things differ) without a signal; unknown names are passed over.

        An invalid value is shown with its reason.
        """
        before = self.values()
        self._values |= {name: value for name, value in values.items() if name in self._rows}
        for name, row in self._rows.items():
            value = self._values[name]
            if row.error and row.editor.is_typing() and _same(value, before[name]):
                continue  # half a number stands there: let it be finished
            row.editor.set_value(value)
            row.set_error(_fault(row.parameter, value))
        self._show_rows()

    def errors(self) -> dict[str, str]:
        """What is wrong now, by parameter."""
        return {name: row.error for name, row in self._rows.items() if row.error}

    def editor(self, name: str) -> Editor:
        """A parameter's editor (for tours and tests)."""
        return self._rows[name].editor

    def focus(self, name: str) -> None:
        """Puts the keyboard into a parameter's editor: "go there"."""
        if name in self._rows:
            self._rows[name].editor.field().setFocus(Qt.FocusReason.OtherFocusReason)

    def set_problem(self, name: str, text: str) -> None:
        """Shows what another room has found wrong with a parameter, until the next value; empty: nothing."""
        if name in self._rows:
            self._rows[name].set_error(text)

    def _build(self, parameters: Sequence[Parameter]) -> None:
        for row in self._rows.values():
            for widget in row.widgets():
                self._grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        self._language = language()
        self._rows = {parameter.name: _Row(parameter) for parameter in parameters}
        for line, row in enumerate(self._rows.values()):
            self._grid.addWidget(row.name, 2 * line, 0, Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(row.editor, 2 * line, 1)
            self._grid.addWidget(row.message, 2 * line + 1, 0, 1, 2)
            row.editor.edited.connect(lambda value, name=row.parameter.name: self._take(name, value))
            row.editor.refused.connect(lambda reason, name=row.parameter.name: self._refuse(name, reason))

    def _rebuild(self) -> None:
        if self._language == language():
            return
        values = self.values()
        self._build(self.parameters())
        self.set_values(values)

    def _take(self, name: str, value: Any) -> None:
        self._rows[name].set_error("")
        before = self._values[name]
        if _same(before, value):
            return
        self._values[name] = value
        self._show_rows()
        self.changed.emit(name, value)

    def _refuse(self, name: str, reason: str) -> None:
        self._rows[name].set_error(reason)
        self.refused.emit(name, reason)

    def _show_rows(self) -> None:
        for row in self._rows.values():
            condition = row.parameter.visible_if
            row.set_shown(condition is None or _met(self._values.get(condition[0]), condition[1]))


def _same(first: Any, second: Any) -> bool:
    return type(first) is type(second) and bool(first == second)


def _met(value: Any, allowed: tuple[Any, ...]) -> bool:
    return value is MIXED or value in allowed


def _fault(parameter: Parameter, value: Any) -> str:
    if value is MIXED:
        return ""
    try:
        parameter.check(value)
    except StudioError:
        return expectation(parameter)
    return ""

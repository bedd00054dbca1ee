"""How the tasks agree in each shared layer of the run that is shown, as a tint on its card."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from mtlstudio.runs.events import Event
from mtlstudio.runs.interactions import Interactions
from mtlstudio.session.studio import Studio
from mtlstudio.ui.design.canvas import Canvas
from mtlstudio.ui.design.tints import tints_of
from mtlstudio.ui.shell.actions import Actions

OPTION = "design.agreement"


class AgreementTint(QObject):
    """Keeps the tints of the canvas those of the run that is shown; without measurements there are none."""

    def __init__(self, studio: Studio, canvas: Canvas, actions: Actions, owner: QWidget) -> None:
        super().__init__(owner)
        self._studio, self._canvas, self._actions = studio, canvas, actions
        self._found: Interactions | None = None
        self.is_on = studio.settings.layouts.get(OPTION, "on") == "on"
        studio.training.run_changed.connect(self._begin)
        studio.training.events.connect(self._take)
        canvas.document.changed.connect(self._show)
        self._begin()

    def handlers(self) -> dict[str, object]:
        """The commands."""
        return {OPTION: lambda: self.set_on(not self.is_on)}

    def set_on(self, on: bool) -> None:
        """Shows the tints, or no longer."""
        self.is_on = on
        self._studio.settings.layouts[OPTION] = "on" if on else "off"
        self._show()

    def _begin(self, *_news: object) -> None:
        spec = self._studio.training.spec
        self._found = Interactions(spec.task_ids) if spec is not None else None
        self._take(self._studio.training.history)
        self._show()

    def _take(self, events: Iterable[Event]) -> None:
        if self._found is not None and self._found.take(events):
            self._show()

    def _show(self, *_news: object) -> None:
        there = self._found is not None and bool(self._found.gradients)
        self._actions.allow(OPTION, there)
        self._actions[OPTION].setChecked(self.is_on)
        shown = self._found if self.is_on and there else None
        tints = tints_of(self._canvas.document.spec, shown) if shown is not None else {}
        if tints != self._canvas.picture.tints:
            self._canvas.picture.tints = tints
            self._canvas.update()

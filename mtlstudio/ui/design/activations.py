"""Activations on the cards: which sample, when they are worked out anew, and the microscope on a clicked card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import CheckpointWritten
from mtlstudio.runs.folder import RunFolder, runs_of
from mtlstudio.session.activations import ActivationSession
from mtlstudio.session.studio import Studio
from mtlstudio.ui.design.activation_strip import ActivationStrip
from mtlstudio.ui.design.canvas import Canvas
from mtlstudio.ui.design.gestures.base import THRESHOLD
from mtlstudio.ui.design.microscope import Microscope
from mtlstudio.ui.design.thumbs import Thumbs
from mtlstudio.ui.shell.actions import Actions

if TYPE_CHECKING:
    from mtlstudio.data.project import Item, ProjectData
    from mtlstudio.inspection.bench import Observation, Specimen

SOON_MS = 200
ORDER = ("val", "test", "train")


class ActivationView(QObject):
    """Shows on every card what its layer makes of a sample, as long as it is on.

    Attributes:
        strip: goes above the canvas. microscope: None until a card was clicked.
    """

    def __init__(self, studio: Studio, canvas: Canvas, actions: Actions, owner: QWidget) -> None:
        super().__init__(owner)
        self._studio, self._canvas, self._actions, self._owner = studio, canvas, actions, owner
        self._document = canvas.document
        self.session = ActivationSession(self)
        self.strip = ActivationStrip()
        self.microscope: Microscope | None = None
        self.is_on = False
        self._place = 0
        self._pressed: QPointF | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._request)
        self.strip.stepped.connect(self.step)
        self.strip.closed.connect(lambda: self.set_on(False))
        self.session.shown.connect(self._show)
        self.session.failed.connect(self._fail)
        self._document.changed.connect(self._follow)
        studio.data.opened.connect(self._take_data)
        studio.training.run_changed.connect(lambda _run: self._later())
        studio.training.events.connect(self._notice)
        actions["design.activations"].setChecked(False)
        canvas.installEventFilter(self)

    def handlers(self) -> dict[str, object]:
        """The commands."""
        return {
            "design.activations": lambda: self.set_on(not self.is_on),
            "design.microscope": self.magnify_selected,
        }

    def set_on(self, on: bool) -> None:
        """Shows activations, or no longer."""
        self._actions["design.activations"].setChecked(on)
        if on == self.is_on:
            return
        self.is_on = on
        self.strip.setVisible(on)
        if on:
            self._request()
            return
        self._soon.stop()
        self.session.forget()
        self.strip.show_busy(False)
        self._canvas.picture.thumbs = None
        self._canvas.update()
        if self.microscope is not None:
            self.microscope.hide()

    def step(self, by: int) -> None:
        """The next sample, or an earlier one; from the last on to the first."""
        count = len(self._items())
        if count:
            self._place = (self._place + by) % count
            self._request()

    def magnify_selected(self) -> None:
        """Puts the selected layer under the microscope."""
        selection = self._document.selection
        if not selection:
            self._studio.say(tr("Select a layer first"), "info")
            return
        self.set_on(True)
        self._magnify(selection[-1])

    def entered(self) -> None:
        """The workspace is shown."""
        thumbs = self._canvas.picture.thumbs
        if self.is_on and (thumbs is None or thumbs.stale or self._soon.isActive()):
            self._request()

    def left(self) -> None:
        """The workspace is not shown any more, or goes for good."""
        self._soon.stop()
        self.session.pause()
        if self.is_on and not self.settled():
            self._stale()
        if self.microscope is not None:
            self.microscope.hide()

    def settled(self) -> bool:
        """Nothing is under way."""
        return not self._soon.isActive() and not self.session.jobs.busy

    # --- what to observe --------------------------------------------------------------------------------------

    def _items(self) -> list[Item]:
        data = self._studio.data.data
        return [item for split in ORDER for item in data.items(split)] if data is not None else []

    def _request(self) -> None:
        self._soon.stop()
        data, items = self._studio.data.data, self._items()
        if not self.is_on:
            return
        if data is None or not items:
            opening = self._studio.data.is_opening
            self.strip.show_words(
                tr("The data are being read …") if opening else tr("There are no samples"), not opening
            )
            return
        self._place = min(self._place, len(items) - 1)
        item = items[self._place]
        split = data.items(item.split)
        self.strip.show_place(item.key, item.split, split.index(item) + 1, len(split))
        self.strip.show_busy(True)
        self.session.request(self._document.spec, _specimen(data, item), self._run())

    def _run(self) -> RunFolder | None:
        """The run that is shown; else the newest with a checkpoint."""
        shown = self._studio.training.run
        if shown is not None:
            return shown
        return next((run for run in reversed(runs_of(self._document.folder)) if run.store.steps()), None)

    def _later(self) -> None:
        if self.is_on:
            self._stale()
            self._soon.start()

    def _stale(self) -> None:
        if self._canvas.picture.thumbs is not None:
            self._canvas.picture.thumbs.stale = True
            self._canvas.update()

    def _follow(self, before: ProjectSpec, after: ProjectSpec) -> None:
        if before.network is not after.network or before.data != after.data or before.inputs != after.inputs:
            self._later()

    def _take_data(self, data: object) -> None:
        if self.is_on and data is not None:
            self._request()

    def _notice(self, events: list[object]) -> None:
        if any(isinstance(event, CheckpointWritten) for event in events) and self._canvas.isVisible():
            self._later()

    # --- what was observed ------------------------------------------------------------------------------------

    def _show(self, observation: Observation) -> None:
        if not self.is_on:
            return
        self.strip.show_busy(self._soon.isActive())
        self.strip.show_picture(observation.image)
        self.strip.show_words(observation.origin.text())
        self._canvas.picture.thumbs = Thumbs(observation)
        self._canvas.picture.thumbs.stale = self._soon.isActive()
        self._canvas.update()
        if self.microscope is not None and self.microscope.isVisible():
            self.microscope.show_observation(observation)

    def _fail(self, text: str) -> None:
        self.strip.show_busy(False)
        self.strip.show_words(text, bad=True)
        self._stale()

    # --- the microscope ---------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """A click on a card (not a drag) puts it under the microscope."""
        if self.is_on and isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed = event.position() if plain else None
            elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
                moved = (event.position() - self._pressed).manhattanLength()
                found = self._canvas.hit(event.position())
                self._pressed = None
                if moved < THRESHOLD and found.kind == "card" and not self._canvas.is_busy:
                    layer_id = self._canvas.scene.layout.layers_of(found.layer)[-1]
                    QTimer.singleShot(0, self, lambda: self._magnify(layer_id))
            elif event.type() == QEvent.Type.MouseButtonDblClick:
                self._pressed = None
        return False

    def _magnify(self, layer_id: str) -> None:
        if not self.is_on:
            return
        if self.microscope is None:
            self.microscope = Microscope(self.session, self._owner.window())
            self._owner.destroyed.connect(self.microscope.deleteLater)
        self.microscope.open_layer(layer_id)


def _specimen(data: ProjectData, item: Item) -> Specimen:
    from mtlstudio.inspection.bench import Specimen

    return Specimen(
        f"{item.dataset}:{item.key}", item.key, lambda: data.read_image(item),
        lambda: data.read_inputs(item, *data.size(item)),
    )  # fmt: skip

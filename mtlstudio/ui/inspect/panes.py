"""Prediction, truth and error beside each other; they pan and zoom together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.palette import background_index
from mtlstudio.tasks.predictions import Prediction
from mtlstudio.ui.inspect.entries import error_map
from mtlstudio.ui.painting import overlay, shapes
from mtlstudio.ui.widgets.image_view import ImageView
from mtlstudio.ui.widgets.panel import Panel
from mtlstudio.ui.widgets.qimages import rgb_image
from mtlstudio.ui.widgets.view_link import link_views

PREDICTION, TRUTH, ERROR = "prediction", "truth", "error"


class Panes(QWidget):
    """Signals:
    hovered: (x, y) in pixels of the picture; (-1, -1) when the pointer has left.
    """

    hovered = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        names = {PREDICTION: tr("Prediction"), TRUTH: tr("Truth"), ERROR: tr("Error")}
        self.views = {pane: ImageView(name) for pane, name in names.items()}
        self.panels = {pane: Panel(name) for pane, name in names.items()}
        self._link = link_views(list(self.views.values()))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for pane, panel in self.panels.items():
            panel.add(self.views[pane], 1)
            row.addWidget(panel, 1)
        for view in self.views.values():
            view.hovered.connect(self.hovered)
            view.left.connect(lambda: self.hovered.emit(-1, -1))
        self.panels[ERROR].set_subtitle(tr("red missed · yellow too much"))
        self.panels[ERROR].setToolTip(tr("Pink: another class than the true one."))
        self._shown: dict[str, bool] = {}

    @property
    def main(self) -> ImageView:
        """The pane of the prediction."""
        return self.views[PREDICTION]

    def set_picture(self, image: NDArray[np.uint8] | None) -> None:
        """Another picture; what was drawn over the last one goes."""
        picture = rgb_image(np.ascontiguousarray(image)) if image is not None else None
        for view in self.views.values():
            view.clear_overlays()
            view.set_image(picture, keep_view=False)
        self.panels[TRUTH].hide()
        self.panels[ERROR].hide()

    def set_truths(self, truths: Mapping[str, Prediction], tasks: Mapping[str, BoundTask]) -> None:
        """Draws the truth; its pane is hidden where nothing can be drawn."""
        drawn = self._draw(self.views[TRUTH], truths, tasks)
        self.panels[TRUTH].setVisible(drawn)

    def set_predictions(
        self, predictions: Mapping[str, Prediction], truths: Mapping[str, Prediction], tasks: Mapping[str, BoundTask]
    ) -> None:
        """Draws the predictions and, where there is truth, the error."""
        self._draw(self.views[PREDICTION], predictions, tasks)
        found = False
        for task_id, prediction in predictions.items():
            names = tasks[task_id].spec.parameters.get("class_names", ())
            truth = truths.get(task_id)
            errors = error_map(prediction, truth, background_index(names)) if truth is not None else None
            self.views[ERROR].set_overlay(task_id, overlay(errors), visible=self._shown.get(task_id, True))
            found = found or errors is not None
        self.panels[ERROR].setVisible(found)

    def set_scores(self, text: str) -> None:
        """What stands at the right of the prediction's title."""
        self.panels[PREDICTION].set_subtitle(text)

    def set_task_visible(self, task_id: str, visible: bool) -> None:
        """Shows or hides a task's layer in every pane."""
        self._shown[task_id] = visible
        for view in self.views.values():
            view.set_overlay_visible(task_id, visible)

    def set_opacity(self, opacity: float) -> None:
        """Of all layers together."""
        for view in self.views.values():
            view.set_opacity(opacity)

    def set_bare(self, bare: bool) -> None:
        """The picture alone, for as long as a key is held."""
        for view in self.views.values():
            view.set_bare(bare)

    def fit(self) -> None:
        """The whole picture."""
        self.main.fit()

    def actual_size(self) -> None:
        """One pixel of the picture on one of the screen."""
        self.main.zoom_to(1.0)

    def _draw(self, view: ImageView, things: Mapping[str, Prediction], tasks: Mapping[str, BoundTask]) -> bool:
        drawn = False
        for task_id, thing in things.items():
            painting = tasks[task_id].paint(thing)
            visible = self._shown.get(task_id, True)
            view.set_overlay(task_id, overlay(painting), visible=visible)
            view.set_shapes(task_id, shapes(painting, tasks[task_id].spec.colour))
            view.set_overlay_visible(task_id, visible)
            drawn = drawn or painting is not None
        return drawn

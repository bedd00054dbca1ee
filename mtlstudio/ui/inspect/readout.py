"""The strip under the pictures: what every task says of the pixel under the pointer, and what is true."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import Prediction
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.dots import ColourDot
from mtlstudio.ui.widgets.flow import FlowLayout

MOST = 8


class Readout(QFrame):
    """Position, colour, and a word per task; lines up to eight tasks, the rest stand in the side panel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setObjectName("readout")
        self._where = label("", "dim")
        self._where.setMinimumWidth(scaled(190))
        self._right = label("", "dim")
        self._flow = FlowLayout(spacing=18)
        self._words: dict[str, QWidget] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 7, 12, 7)
        row.setSpacing(16)
        row.addWidget(self._where)
        row.addLayout(self._flow, 1)
        row.addWidget(self._right)
        self.texts: dict[str, str] = {}

    def set_tasks(self, tasks: Mapping[str, BoundTask]) -> None:
        """One word per task from now on."""
        self._flow.clear()
        self._words.clear()
        for task_id, task in list(tasks.items())[:MOST]:
            holder = QWidget()
            line = QHBoxLayout(holder)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(6)
            line.addWidget(ColourDot(task.spec.colour))
            word = label("")
            line.addWidget(word)
            self._flow.addWidget(holder)
            self._words[task_id] = word

    def show_pixel(
        self, x: int, y: int, colour: QColor, predictions: Mapping[str, Prediction],
        truths: Mapping[str, Prediction], tasks: Mapping[str, BoundTask],
    ) -> None:  # fmt: skip
        """What there is to say of a pixel; (-1, -1): nothing."""
        if x < 0:
            self._where.setText(tr("Point at a picture"))
        else:
            red, green, blue = colour.red(), colour.green(), colour.blue()
            self._where.setText(
                tr("x {x} y {y}   RGB {red} {green} {blue}", x=x, y=y, red=red, green=green, blue=blue)
            )  # fmt: skip
        for task_id, word in self._words.items():
            text = self._text(tasks[task_id], predictions.get(task_id), truths.get(task_id), x, y)
            self.texts[task_id] = text
            word.setText(text)  # type: ignore[attr-defined]

    def set_right(self, text: str) -> None:
        """What stands at the right: how long the network took."""
        self._right.setText(text)

    def _text(self, task: BoundTask, prediction: Prediction | None, truth: Prediction | None, x: int, y: int) -> str:
        said = _at(task, prediction, x, y)
        true = _at(task, truth, x, y)
        if said and true:
            return tr("{said} · truth {true}", said=said, true=true)
        return said or (tr("truth {true}", true=true) if true else "—")


def _at(task: BoundTask, prediction: Prediction | None, x: int, y: int) -> str:
    if prediction is None:
        return ""
    return task.summary(prediction) if x < 0 else task.at(prediction, x, y)

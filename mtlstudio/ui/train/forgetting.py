"""OLD AND NEW TASKS: what was forgotten of those the run started with, how well those it added were learned."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.runs.events import Noted
from mtlstudio.training.notes import FORGETTING, INTRANSIGENCE, INTRANSIGENCE_ALONE, NEW_TASK, OTHER_SPLIT
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.words import main_metric, short_name
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.titles import SectionTitle

CODES = (FORGETTING, INTRANSIGENCE, INTRANSIGENCE_ALONE, NEW_TASK, OTHER_SPLIT)
"""What is told here, and not among the remarks."""


class ForgettingBox(QWidget):
    """A line per task; hidden for runs that added none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("forgetting")
        self.lines: list[QLabel] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self.hint = label("", "dim", wrap=True)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(4)
        inside.addWidget(SectionTitle(tr("Old and new tasks")))
        inside.addLayout(self._list)
        inside.addWidget(self.hint)
        self._shown: tuple[Noted, ...] = ()
        self.hide()

    def refresh(self, series: RunSeries | None) -> None:
        """Shows what a run has noted at its end."""
        notes = tuple(note for note in series.notes if note.code in CODES) if series is not None else ()
        if notes == self._shown:
            return
        self._shown = notes
        self.setVisible(bool(notes))
        if series is None or not notes:
            return
        for line in self.lines:
            self._list.removeWidget(line)
            line.hide()
            line.deleteLater()
        self.lines = [label(_line(series, note), wrap=True) for note in notes if note.code != OTHER_SPLIT]
        for line in self.lines:
            self._list.addWidget(line)
        sentences = [
            tr("At the best epoch; what is better than before, or than a run from the start, stands with a minus.")
        ]
        if any(note.code == OTHER_SPLIT for note in notes):
            sentences.append(tr("Before and after were validated on different pictures."))
        self.hint.setText(" ".join(sentences))


def _line(series: RunSeries, note: Noted) -> str:
    values = note.values
    task = next((one for one in series.spec.tasks if one.id == values["task"]), None)
    metric = main_metric(task) if task is not None else None
    name = task.name if task is not None else str(values["task"])
    words = short_name(metric) if metric is not None else str(values["metric"])
    if note.code == FORGETTING:
        told = tr("{before} → {after}, forgotten {forgetting}", **values)
    elif note.code in (INTRANSIGENCE, INTRANSIGENCE_ALONE):
        told = tr("{value}, short by {intransigence}", **values)
    else:
        told = tr("{value}, new", **values)
    return f"{name}: {words} {told}"

"""Advice on the run that is shown, with the figures it rests on."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.advice import PULL_APART
from mtlstudio.runs.interactions import Conflict
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.titles import SectionTitle

_MOST = 6
_STEPS = 100


class AdviceBox(QWidget):
    """What is noticed of the tasks and what could be done; hidden where there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("advice")
        self._shown: tuple[object, ...] = ()
        self._lines: list[tuple[str, str]] = []
        self._body = QVBoxLayout()
        self._body.setSpacing(4)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        inside.addWidget(SectionTitle(tr("Advice")))
        inside.addLayout(self._body)
        self.hide()

    def texts(self) -> list[tuple[str, str]]:
        """What is shown: (what was noticed, what could be done)."""
        return list(self._lines)

    def refresh(self, series: RunSeries | None, told: Conflict | None = None) -> None:
        """Shows the newest advice; worked out anew where there is news of more than a few steps.

        Args:
            told: a conflict that is told elsewhere.
        """
        state: tuple[object, ...] = (series,)
        if series is not None:
            news = len(series.interactions.gradients), len(series.epochs), series.last_step // _STEPS
            state = (series, *news, series.finished, told)
        if state == self._shown:
            return
        self._shown = state
        problems = series.evidence.advice() if series is not None else []
        if told is not None and series is not None:
            problems = [problem for problem in problems if not _same(problem, told, series.spec)]
        lines = [(problem.text(), problem.fix_text()) for problem in problems[:_MOST]]
        if lines != self._lines:
            self._lines = lines
            self._draw()
        self.setVisible(bool(lines))

    def _draw(self) -> None:
        while (item := self._body.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for words, fix in self._lines:
            self._body.addWidget(label(words, wrap=True))
            self._body.addWidget(label(fix, "dim", wrap=True))


def _same(problem: Problem, told: Conflict, spec: ProjectSpec) -> bool:
    names = {task.id: task.name for task in spec.tasks}
    pair = problem.values.get("first"), problem.values.get("second")
    return problem.code == PULL_APART and pair == (names.get(told.first), names.get(told.second))

"""Problems as notices: a click goes there, a button mends."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.mends import mend_of
from mtlstudio.project.problems import Problem, Severity
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.panel import Notice

SHOWN = 12
_TONES = {Severity.ERROR: "bad", Severity.WARNING: "warning", Severity.NOTE: ""}


def by_severity(problems: Sequence[Problem]) -> list[Problem]:
    """Errors first, each kind in its own order."""
    order = list(Severity)
    return sorted(problems, key=lambda problem: order.index(problem.severity))


class ProblemList(QWidget):
    """Problems, the worst first; the first dozen.

    Signals:
        activated(object): a problem was clicked: go there.
        mend_wanted(object): its button was pressed.
    """

    activated = Signal(object)
    mend_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._problems: tuple[Problem, ...] | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def notices(self) -> list[Notice]:
        """What is shown."""
        return self.findChildren(Notice)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Shows others; nothing happens where they are the same."""
        wanted = tuple(by_severity(problems))
        if wanted == self._problems:
            return
        self._problems = wanted
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        for problem in wanted[:SHOWN]:
            self._column.addWidget(self._notice(problem))
        if not wanted:
            self._column.addWidget(label(tr("No problems"), "dim"))
        elif len(wanted) > SHOWN:
            rest = len(wanted) - SHOWN
            self._column.addWidget(label(ntr("{n} more", "{n} more", rest), "dim"))

    def _notice(self, problem: Problem) -> Notice:
        mend = mend_of(problem)
        action = tr(mend.label) if mend is not None else ""
        tone = _TONES[problem.severity]
        made = Notice(problem.text(), problem.fix_text(), action, tone=tone)  # type: ignore[arg-type]
        made.setObjectName("problem")
        made.activated.connect(lambda: self.activated.emit(problem))
        made.triggered.connect(lambda: self.mend_wanted.emit(problem))
        return made

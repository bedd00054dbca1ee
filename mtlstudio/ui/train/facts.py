"""The right side: what the machine does, marks, what the run remarks upon, how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.runs.events import Noted
from mtlstudio.training.notes import SOLVER_FAILED, WEIGHTS_COLLAPSED
from mtlstudio.ui.train.forgetting import CODES as TOLD_BELOW
from mtlstudio.ui.train.log_words import note_words
from mtlstudio.ui.train.machine import MachineBox
from mtlstudio.ui.train.outcome import Outcome, Warnings
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.words import mark_lines
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.titles import FactList, SectionTitle

_ELSEWHERE = (SOLVER_FAILED, WEIGHTS_COLLAPSED, *TOLD_BELOW)
"""Remarks with a place of their own."""


class FactsBox(QWidget):
    """Machine, marks, remarks.

    Attributes:
        outcome, warnings: cards that the workspace puts at the top.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outcome = Outcome()
        self.warnings = Warnings()
        self.machine = MachineBox()
        self.marks = FactList(wrap=True)
        self.marks.setObjectName("marks")
        self.no_marks = label(tr("Changes of λ and the best epochs stand here."), "dim", wrap=True)
        self.notes_title = SectionTitle(tr("Remarks"))
        self.notes = label("", "dim", wrap=True)
        self.notes.setObjectName("remarks")
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        inside.addWidget(self.machine)
        inside.addWidget(SectionTitle(tr("Marks")))
        inside.addWidget(self.no_marks)
        inside.addWidget(self.marks)
        inside.addWidget(self.notes_title)
        inside.addWidget(self.notes)
        inside.addStretch(1)
        self.refresh(None, 0)

    def refresh(self, series: RunSeries | None, device_memory: int) -> None:
        """Shows the newest facts of a run."""
        self.machine.refresh(series, device_memory)
        names = {task.id: task.name for task in series.spec.tasks} if series is not None else {}
        lines = mark_lines(series, names) if series is not None else []
        if lines != self.marks.facts():
            self.marks.set_facts(lines)
        self.marks.setVisible(bool(lines))
        self.no_marks.setVisible(not lines)
        remarks = (
            note_lines([note for note in series.notes if note.code not in _ELSEWHERE], names)
            if series is not None
            else []
        )
        self.notes.setText("\n\n".join(remarks))
        self.notes.setVisible(bool(remarks))
        self.notes_title.setVisible(bool(remarks))


def note_lines(notes: Sequence[Noted], names: Mapping[str, str]) -> list[str]:
    """The run's remarks as sentences, each once; those of unknown codes are left out."""
    return list(dict.fromkeys(words for note in notes if (words := note_words(note, names))))

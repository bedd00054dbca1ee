"""The right side: what the machine does, marks, what the run remarks upon, how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

import mtlstudio.training.notes  # noqa: F401  it declares the sentences of remarks
from mtlstudio.base.errors import as_line
from mtlstudio.base.texts import tr
from mtlstudio.project.problems import declared
from mtlstudio.runs.events import Noted
from mtlstudio.runs.folder import INTERRUPTED
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.words import clock, figure, gigabytes, mark_lines, outcome
from mtlstudio.ui.widgets.common import button, column, label, row
from mtlstudio.ui.widgets.panel import Notice
from mtlstudio.ui.widgets.titles import FactList, SectionTitle


class Outcome(QWidget):
    """How the run ended, and what can be done now; hidden before.

    Signals:
        inspect_asked(), resume_asked(): the buttons.
    """

    inspect_asked = Signal()
    resume_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("outcome")
        self.notice = Notice()
        self.inspect = button(tr("Inspect"), "inspect", small=True)
        self.inspect.setObjectName("outcome-inspect")
        self.resume = button(tr("Resume"), "play", small=True)
        self.resume.setObjectName("outcome-resume")
        self.inspect.clicked.connect(self.inspect_asked)
        self.resume.clicked.connect(self.resume_asked)
        self.setLayout(column(self.notice, row(self.inspect, self.resume, 1), spacing=6))
        self._shown: tuple[object, ...] = ()
        self.hide()

    def refresh(self, series: RunSeries | None, status: str, training: bool) -> None:
        """Shows the end of a run; nothing while it goes on."""
        failed = series.failed if series is not None else None
        finished = series.finished if series is not None else None
        shown = (failed, finished, status, training, series.best_epoch if series is not None else None)
        if shown == self._shown:
            return
        self._shown = shown
        interrupted = status == INTERRUPTED and failed is None and finished is None and not training
        self.setVisible(bool(failed or finished or interrupted) and not training)
        kept = bool(series.checkpoints) if series is not None else False
        self.inspect.setVisible(kept)
        self.resume.setVisible(bool(interrupted or (failed and kept) or (finished and finished.reason != "done")))
        if failed is not None:
            self.notice.set_message(failed.message, failed.fix, tone="bad")
        elif finished is not None and series is not None:
            title, text = outcome(series, finished)
            self.notice.set_message(title, text, tone="good" if finished.reason == "done" else "accent")
        elif interrupted:
            text = tr("Its process ended without a word. It can go on from its last checkpoint.")
            self.notice.set_message(tr("Interrupted"), text, tone="warning")


class FactsBox(QWidget):
    """Machine, marks, remarks, outcome."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outcome = Outcome()
        self.machine = FactList()
        self.machine.setObjectName("machine")
        self.marks = FactList()
        self.marks.setObjectName("marks")
        self.no_marks = label(tr("Changes of λ and the best epochs stand here."), "dim", wrap=True)
        self.notes_title = SectionTitle(tr("Remarks"))
        self.notes = label("", "dim", wrap=True)
        self.notes.setObjectName("remarks")
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        inside.addWidget(self.outcome)
        inside.addWidget(SectionTitle(tr("Machine")))
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
        self.machine.set_facts(machine_facts(series, device_memory))
        names = {task.id: task.name for task in series.spec.tasks} if series is not None else {}
        lines = mark_lines(series, names) if series is not None else []
        if lines != self.marks.facts():
            self.marks.set_facts(lines)
        self.marks.setVisible(bool(lines))
        self.no_marks.setVisible(not lines)
        remarks = note_lines(series.notes) if series is not None else []
        self.notes.setText("\n\n".join(remarks))
        self.notes.setVisible(bool(remarks))
        self.notes_title.setVisible(bool(remarks))


def machine_facts(series: RunSeries | None, device_memory: int) -> list[tuple[str, str]]:
    """What the machine does and did the run with."""
    started = series.started if series is not None else None
    if series is None or started is None:
        return [(tr("Steps / s"), "—"), (tr("Images / s"), "—"), (tr("Loader waits"), "—")]
    rates = series.rates()
    ended = series.finished is not None or series.failed is not None
    facts = [
        (tr("Steps / s"), f"{rates[0]:.1f}" if rates else "—"),
        (tr("Images / s"), f"{rates[1]:.0f}" if rates else "—"),
        (tr("Loader waits"), f"{rates[2]:.0%}" if rates else "—"),
    ]
    if series.memory:
        whole = (
            f"{series.memory / 2**30:.1f} / {gigabytes(device_memory)}" if device_memory else gigabytes(series.memory)
        )
        facts.append((tr("GPU memory"), whole))
    facts += [
        (tr("Learning rate"), figure(series.learning_rate) if len(series.step) else "—"),
        (tr("Device"), started.device),
        (tr("Threads"), str(started.threads)),
        (tr("Precision"), started.precision),
        (tr("Seed"), str(series.spec.training.seed)),
        (tr("Parameters"), f"{started.parameters / 1e6:.2f} M"),
    ]
    if ended and series.finished is not None:
        facts.append((tr("Time"), clock(series.finished.seconds)))
    return facts


def note_lines(notes: Sequence[Noted]) -> list[str]:
    """The run's remarks as sentences, each once; those of unknown codes are left out."""
    known = declared()
    found = []
    for note in notes:
        if note.code in known:
            sentence, fix = known[note.code]
            words = [tr(part, **note.values) for part in (sentence, fix) if part]
            found.append(as_line(str(note.values.get("where", "")), *words))
    return list(dict.fromkeys(found))

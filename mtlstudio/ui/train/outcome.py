"""How a run ended, and what it warns of while it runs, with what can be done about it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from mtlstudio.base.texts import tr
from mtlstudio.runs.events import RunFailed
from mtlstudio.runs.folder import INTERRUPTED
from mtlstudio.training.notes import WEIGHTS_COLLAPSED
from mtlstudio.ui.train.log_words import note_words
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.words import outcome
from mtlstudio.ui.widgets.common import button, column, label
from mtlstudio.ui.widgets.flow import FlowLayout
from mtlstudio.ui.widgets.panel import Notice


class Outcome(QWidget):
    """How the run ended, and what can be done now; hidden before.

    Signals:
        inspect_asked(), resume_asked(), method_asked(): the buttons.
        again_asked(object): train again with these fields of the project changed: path -> value.
    """

    inspect_asked = Signal()
    resume_asked = Signal()
    method_asked = Signal()
    again_asked = Signal(object)

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
        self.again = button(tr("Change and train again"), "wand", small=True)
        self.again.setObjectName("outcome-again")
        self.again.clicked.connect(lambda: self.again_asked.emit(dict(self._proposal)))
        self.method = button(tr("Choose another method…"), "sliders", small=True)
        self.method.setObjectName("outcome-method")
        self.method.clicked.connect(self.method_asked)
        self._proposal: dict[str, Any] = {}
        self.buttons = FlowLayout(spacing=6)
        for made in (self.again, self.method, self.inspect, self.resume):
            self.buttons.addWidget(made)
        self.setLayout(column(self.notice, self.buttons, spacing=6))
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
        self._propose(failed)
        if failed is not None:
            self.notice.set_message(failed.message, failed.fix, tone="bad")
        elif finished is not None and series is not None:
            title, text = outcome(series, finished)
            self.notice.set_message(title, text, tone="good" if finished.reason == "done" else "accent")
        elif interrupted:
            text = tr("Its process ended without a word. It can go on from its last checkpoint.")
            self.notice.set_message(tr("Interrupted"), text, tone="warning")

    def _propose(self, failed: RunFailed | None) -> None:
        """Offers what the failure says can be changed."""
        self._proposal = dict(failed.proposal) if failed is not None else {}
        self.again.setVisible(bool(self._proposal))
        self.again.setToolTip("\n".join(f"{path} = {value}" for path, value in self._proposal.items()))
        self.method.setVisible(failed is not None and failed.code == "memory")


class Warnings(QWidget):
    """What a run says that somebody should act upon: free λ that have collapsed.

    Signals:
        method_asked(): another balancing method is wanted.
    """

    method_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("warnings")
        self.notice = Notice(tone="warning")
        self.notice.triggered.connect(self.method_asked)
        self.more = label("", "small", wrap=True)
        self.setLayout(column(self.notice, self.more, spacing=4))
        self.hide()

    def refresh(self, series: RunSeries | None, training: bool) -> None:
        """Shows the newest warning."""
        found = [note for note in series.notes if note.code == WEIGHTS_COLLAPSED] if series is not None else []
        self.setVisible(bool(found))
        if series is None or not found:
            return
        words = note_words(found[-1], {task.id: task.name for task in series.spec.tasks})
        self.notice.set_message(
            tr("The λ have collapsed"), words, "" if training else tr("Choose another method…"), tone="warning"
        )
        self.more.setText(tr("To choose another method, stop the run first.") if training else "")
        self.more.setVisible(training)

"""The bar about studies: the one under way, those that wait; unfolded, the queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.studies import StudySession, StudyState
from mtlstudio.studies.folder import StudyFolder
from mtlstudio.studies.progress import MEASURING, STARTING, StudyProgress
from mtlstudio.studies.queue import queued
from mtlstudio.studies.study import BASELINES, SWEEP
from mtlstudio.ui.compare.outcome import member_words
from mtlstudio.ui.compare.plan_dialogs import span
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, label
from mtlstudio.ui.widgets.dots import StatusDot
from mtlstudio.ui.widgets.icons import set_icon
from mtlstudio.ui.widgets.titles import ElidedLabel


@dataclass(frozen=True)
class Waiting:
    """A study in the queue: `done` of `members` are trained and measured."""

    study: StudyFolder
    kind: str
    done: int
    members: int

    @property
    def words(self) -> str:
        """`baselines-001 · 4 of 12 runs done`."""
        return tr("{study} · {done} of {n} runs done", study=self.study.id, done=self.done, n=self.members)


def read_queue(project_folder: Path) -> list[Waiting]:
    """The queue as it stands on disk."""
    found = []
    for study in queued(project_folder):
        try:
            states = study.states()
            done = sum(state.trained and bool(state.measured) for state in states)
            found.append(Waiting(study, study.study().kind, done, len(states)))
        except StudioError:
            continue
    return found


def progress_words(progress: StudyProgress, spec: ProjectSpec) -> str:
    """`baselines-001 · run 4 / 12 · Breed alone, seed 1 · epoch 3 / 40 · 12 min left`."""
    if not progress.number:
        return tr("{study} · begins", study=progress.study)
    member = member_words(spec, progress.role, progress.changes_label)
    parts = [
        progress.study,
        tr("run {number} / {n}", number=progress.number, n=progress.members),
        tr("{member}, seed {seed}", member=member, seed=progress.seed),
    ]
    if progress.phase == STARTING:
        parts.append(tr("begins"))
    elif progress.phase == MEASURING:
        parts.append(tr("is measured"))
    else:
        parts.append(tr("epoch {epoch} / {n}", epoch=progress.epoch, n=progress.epochs))
    if progress.seconds_left is not None:
        parts.append(tr("{time} left", time=span(progress.seconds_left)))
    return " · ".join(parts)


class StudyBar(QFrame):
    """Hidden while there is nothing to say.

    Signals:
        go_on(): the queue is to be worked through.
    """

    go_on = Signal()

    def __init__(self, session: StudySession, spec: ProjectSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("study-bar")
        self.setProperty("surface", "card")
        self._session, self._spec = session, spec
        self._waiting: list[Waiting] = []
        self._dismissed = False
        self.dot, self.words = StatusDot("busy"), ElidedLabel()
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.pause = self._button(tr("Pause"), "pause", "study-pause", session.pause)
        self.stop = self._button(tr("Stop"), "stop", "study-stop", session.stop)
        self.start = self._button(tr("Go on"), "play", "study-go-on", self.go_on.emit)
        self.later = self._button(tr("Not now"), "", "study-leave", self._dismiss)
        self.more = self._button("", "chevron-down", "study-queue", self._fold)
        self.queue = QueueList(session)
        self.queue.hide()
        line = QHBoxLayout()
        line.setSpacing(8)
        for widget in (self.dot, self.words, self.pause, self.stop, self.start, self.later, self.more):
            line.addWidget(widget, 1 if widget is self.words else 0)
        page = QVBoxLayout(self)
        page.setContentsMargins(12, 8, 8, 8)
        page.setSpacing(6)
        page.addLayout(line)
        page.addWidget(self.progress)
        page.addWidget(self.queue)
        session.progressed.connect(self._show_progress)
        session.state_changed.connect(self.refresh)
        self.refresh()

    def set_spec(self, spec: ProjectSpec) -> None:
        """The names of tasks."""
        self._spec = spec

    def set_waiting(self, waiting: Sequence[Waiting]) -> None:
        """Shows what waits; the study under way is not among it."""
        before = {one.study.id for one in self._waiting}
        current = self._session.current.id if self._session.current is not None else ""
        self._waiting = [one for one in waiting if one.study.id != current]
        if {one.study.id for one in self._waiting} - before:
            self._dismissed = False
        self.queue.set_lines(self._waiting)
        self.refresh()

    def refresh(self, *_news: object) -> None:
        """Shows what there is to say."""
        working, waiting = self._session.is_working, self._waiting
        paused = self._session.state == StudyState.PAUSED
        self.setVisible(working or (bool(waiting) and not self._dismissed))
        for widget in (self.progress, self.pause, self.stop):
            widget.setVisible(working)
        for widget in (self.start, self.later):
            widget.setVisible(not working)
        self.more.setVisible(bool(waiting))
        self.more.setText(tr("Queue ({n})", n=len(waiting)))
        self.queue.setVisible(self.queue.isVisible() and bool(waiting))
        self.pause.setText(tr("Resume") if paused else tr("Pause"))
        set_icon(self.pause, "play" if paused else "pause", "text", 14)
        self.stop.setEnabled(self._session.state != StudyState.STOPPING)
        self.pause.setEnabled(self._session.state != StudyState.STOPPING)
        self.dot.set_tone("busy" if working and not paused else "idle")
        if working:
            self._show_progress(self._session.progress)
        elif waiting:
            count = ntr("{n} study waits", "{n} studies wait", len(waiting))
            self.words.set_text(f"{count}: {', '.join(one.words for one in waiting)}")

    def _show_progress(self, progress: StudyProgress | None) -> None:
        if progress is None:
            self.words.set_text(tr("The study begins"))
            self.progress.setValue(0)
            return
        study = self._session.current
        if study is not None and progress.study == study.id:
            self.words.set_text(progress_words(progress, self._spec))
        self.progress.setValue(round(1000 * progress.share))

    def _dismiss(self) -> None:
        self._dismissed = True
        self.refresh()

    def _fold(self) -> None:
        opened = not self.queue.isVisible()
        self.queue.setVisible(opened)
        set_icon(self.more, "chevron-up" if opened else "chevron-down", "text", 14)

    def _button(self, text: str, icon: str, name: str, do: Callable[[], object]) -> QPushButton:
        made = button(text, icon, small=True)
        made.setObjectName(name)
        made.clicked.connect(lambda: do())
        return made


class QueueList(QWidget):
    """The waiting studies in their order; each can be started, moved, taken out."""

    def __init__(self, session: StudySession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queue")
        self._session = session
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 0)
        self._column.setSpacing(4)
        self._lines: list[QWidget] = []

    def set_lines(self, waiting: Sequence[Waiting]) -> None:
        """Shows other studies."""
        for line in self._lines:
            self._column.removeWidget(line)
            line.setParent(None)
            line.deleteLater()
        self._lines = [self._line(number, one, len(waiting)) for number, one in enumerate(waiting)]
        for line in self._lines:
            self._column.addWidget(line)

    def _line(self, number: int, waiting: Waiting, count: int) -> QWidget:
        made = QWidget()
        made.setObjectName(f"queue-{waiting.study.id}")
        kinds = {BASELINES: tr("baselines"), SWEEP: tr("sweep")}
        line = QHBoxLayout(made)
        line.setContentsMargins(scaled(20), 0, 0, 0)
        line.setSpacing(6)
        line.addWidget(label(f"{number + 1}.", "dim"))
        line.addWidget(ElidedLabel(waiting.words), 1)
        line.addWidget(label(kinds.get(waiting.kind, tr("seeds")), "dim"), 0, Qt.AlignmentFlag.AlignRight)
        study = waiting.study
        for name, icon, tip, do, can in (
            ("start", "play", tr("Start this one now"), lambda: self._start(study), not self._session.is_working),
            ("up", "chevron-up", tr("Earlier"), lambda: self._session.move(study, number - 1), number > 0),
            ("down", "chevron-down", tr("Later"), lambda: self._session.move(study, number + 1), number + 1 < count),
            ("leave", "close", tr("Take it out of the queue"), lambda: self._session.leave(study), True),
        ):
            made_button = button("", icon, quiet=True, small=True)
            made_button.setObjectName(f"{name}-{study.id}")
            made_button.setToolTip(tip)
            made_button.setAccessibleName(tip)
            made_button.setEnabled(can)
            made_button.clicked.connect(do)
            line.addWidget(made_button)
        return made

    def _start(self, study: StudyFolder) -> None:
        try:
            self._session.start(study)
        except StudioError as error:
            self._session.failed.emit(error.text())

"""Before a study begins: what will be trained, with how many seeds and epochs, and how long it will take."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.studies.durations import BOUND, GUESSED, Duration, duration_of
from mtlstudio.studies.plan import baseline_members, baselines, seed_members, several_seeds
from mtlstudio.studies.study import BASELINES, SEEDS, Member, Study
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, dialog_buttons, label

_SEEDS = 3
_SOON_MS = 150


class PlanDialog(QDialog):
    """What all of them ask: seeds and epochs; what they tell: the runs and the time. `plan()` once it was accepted.

    Args:
        spec: the project as it stands.
        folder: the project's.
    """

    kind = ""

    def __init__(self, spec: ProjectSpec, folder: Path, title: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._spec, self._folder = spec, folder
        self._jobs = Jobs(1, self)
        self.seeds, self.epochs = _spin(_SEEDS, 1, 99), _spin(spec.training.epochs, 1, 100000)
        self.seeds.setObjectName("seeds")
        self.epochs.setObjectName("epochs")
        self.runs, self.time = label(wrap=True), label(role="dim", wrap=True)
        self.buttons = dialog_buttons(QDialogButtonBox.StandardButton.Cancel)
        self.go = button(tr("Start"), "play", accent=True)
        self.go.setObjectName("start-study")
        self.buttons.addButton(self.go, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.form = QFormLayout()
        self.form.addRow(tr("Seeds"), self.seeds)
        self.form.addRow(tr("Epochs of each run"), self.epochs)
        self.page = QVBoxLayout(self)
        self.page.setSpacing(12)
        self.page.addWidget(label(words, "dim", wrap=True))
        self.page.addLayout(self.form)
        self.page.addWidget(self.runs)
        self.page.addWidget(self.time)
        self.page.addStretch(1)
        self.page.addWidget(self.buttons)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self._reckon)
        self.seeds.valueChanged.connect(self.refresh)
        self.epochs.valueChanged.connect(self.refresh)
        self.finished.connect(self._end)
        self.resize(scaled(460), scaled(300))

    @abstractmethod
    def members(self, spec: ProjectSpec) -> tuple[Member, ...]:
        """The runs. Raises StudioError: what was typed does not fit."""

    @abstractmethod
    def plan(self) -> Callable[[], Study]:
        """What makes the plan, in a thread."""

    def spec(self) -> ProjectSpec:
        """The project with the epochs that were asked for."""
        return replace(self._spec, training=replace(self._spec.training, epochs=self.epochs.value()))

    def settled(self) -> bool:
        """The time is told."""
        return not self._jobs.busy and not self._soon.isActive()

    def refresh(self, *_changes: object) -> None:
        """Says anew what will be trained."""
        try:
            members = self.members(self.spec())
        except StudioError as error:
            self.runs.setText(error.text())
            self.time.clear()
            self.go.setEnabled(False)
            return
        self.runs.setText(self.told(members))
        self.go.setEnabled(True)
        self._soon.start()

    def told(self, members: Sequence[Member]) -> str:
        """The runs in words."""
        kinds = len({(member.role, member.changes) for member in members})
        seeds = ", ".join(str(seed) for seed in dict.fromkeys(member.seed for member in members))
        return ntr("{n} run: {kinds}; seed {seeds}.", "{n} runs: {kinds}; seeds {seeds}.",
                   len(members), kinds=self.kinds_told(kinds), seeds=seeds)  # fmt: skip

    def kinds_told(self, kinds: int) -> str:
        """What is trained with each seed."""
        return ntr("{n} network", "{n} networks", kinds)

    def _end(self, _code: int) -> None:
        self._soon.stop()
        self._jobs.shut_down()

    def _reckon(self) -> None:
        try:
            spec = self.spec()
            study = Study(self.kind, spec, "", self.members(spec))
        except StudioError:
            return
        self.time.setText(tr("Looking how long earlier runs took …"))

        def work(_token: Token) -> Duration:
            return duration_of(self._folder, study)

        self._jobs.submit(work, self._show_time, lambda error: self.time.setText(error.text()), key="time")

    def _show_time(self, found: Duration) -> None:
        self.time.setText(duration_told(found))


class BaselinesDialog(PlanDialog):
    """The network as it is, and each task alone."""

    kind = BASELINES

    def __init__(self, spec: ProjectSpec, folder: Path, parent: QWidget | None = None) -> None:
        words = tr(
            "Did sharing help? The network is trained as it is, and each task alone through its own way of the same "
            "network, with the same pictures, epochs and seeds."
        )
        super().__init__(spec, folder, tr("Run baselines"), words, parent)
        self.setObjectName("plan-baselines")
        self.refresh()

    def members(self, spec: ProjectSpec) -> tuple[Member, ...]:
        """See `PlanDialog`."""
        return baseline_members(spec, self.seeds.value())

    def plan(self) -> Callable[[], Study]:
        """See `PlanDialog`."""
        return partial(baselines, self.spec(), self._folder, self.seeds.value())

    def kinds_told(self, kinds: int) -> str:
        """See `PlanDialog`."""
        return ntr("all together, and {n} task alone", "all together, and {n} tasks alone", kinds - 1)


class SeedsDialog(PlanDialog):
    """The network as it is, several times."""

    kind = SEEDS

    def __init__(self, spec: ProjectSpec, folder: Path, parent: QWidget | None = None) -> None:
        words = tr("What another seed makes of the very same training shows how much of a difference is chance.")
        super().__init__(spec, folder, tr("Several seeds"), words, parent)
        self.setObjectName("plan-seeds")
        self.refresh()

    def members(self, spec: ProjectSpec) -> tuple[Member, ...]:
        """See `PlanDialog`."""
        return seed_members(spec, self.seeds.value())

    def plan(self) -> Callable[[], Study]:
        """See `PlanDialog`."""
        return partial(several_seeds, self.spec(), self._folder, self.seeds.value())


def duration_told(found: Duration) -> str:
    """An estimate in a sentence, with what it rests on."""
    if found.seconds is None:
        return tr("How long it takes is not known: nothing was trained here yet.")
    time = span(found.seconds)
    if found.basis == BOUND:
        return tr("At most about {time}: earlier runs of the whole network took as long.", time=time)
    if found.basis == GUESSED:
        return tr("Perhaps {time}: no run just like these was trained here yet.", time=time)
    return tr("About {time}, as earlier runs took.", time=time)


def span(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return tr("{n} s", n=max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 90:
        return tr("{n} min", n=minutes)
    return tr("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def _spin(value: int, low: int, high: int) -> QSpinBox:
    made = QSpinBox()
    made.setRange(low, high)
    made.setValue(max(low, value))
    made.setMinimumWidth(scaled(90))
    return made

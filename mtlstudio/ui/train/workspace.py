"""Train: the recipe at the left, every task's loss live in the middle, the machine at the right."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event, StepsMeasured
from mtlstudio.runs.folder import INTERRUPTED
from mtlstudio.session.studio import Studio
from mtlstudio.session.training import State
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.shell.workspace import Workspace
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.train.advice import AdviceBox
from mtlstudio.ui.train.agreement import AgreementBox
from mtlstudio.ui.train.balance import BalanceBox
from mtlstudio.ui.train.board import Board, Options
from mtlstudio.ui.train.controller import TrainController
from mtlstudio.ui.train.facts import FactsBox
from mtlstudio.ui.train.forgetting import ForgettingBox
from mtlstudio.ui.train.log_panel import LogPanel
from mtlstudio.ui.train.recipe import RecipeBox
from mtlstudio.ui.train.runs import RunBox
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.sights import Sights
from mtlstudio.ui.train.strategy import StrategyBox
from mtlstudio.ui.train.table import TaskTable
from mtlstudio.ui.train.words import ago, clock, gigabytes, main_metrics
from mtlstudio.ui.widgets.feedback import EmptyState

OPTIONS = "train.board"
_FIGURES_MS = 400
_SPARING_MS = 500
"""Between two drawings while steps are quick: each of them needs the interpreter, which drawing holds."""
_QUICK_STEP_S = 0.08
_CLOCK_MS = 1000


class TrainWorkspace(Workspace):
    """Trains the project and shows a run: this window's own, an earlier one, or one that another process writes."""

    def __init__(self, studio: Studio, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(studio, actions, parent)
        assert studio.document is not None
        self._document = studio.document
        self.series: RunSeries | None = None
        self._stale = False
        controller = self._controller = actions.findChild(TrainController)
        self.runs = RunBox(studio, controller)
        self.balance = BalanceBox(studio)
        self.recipe = RecipeBox(studio)
        self.strategy = StrategyBox(studio)
        self.board = Board(Options.read(studio.settings.layouts.get(OPTIONS, "")))
        self.table = TaskTable()
        self.sights = Sights(studio.data)
        self.log = LogPanel()
        self.agreement = AgreementBox(self._document, actions)
        self.advice = AdviceBox()
        self.facts = FactsBox()
        self.forgetting = ForgettingBox()
        self.empty = EmptyState(
            "train", tr("There is no run yet."), tr("Train"),
            detail=tr("The loss of every task is drawn here while it trains."),
        )  # fmt: skip
        self._lay_out()
        self._figures = QTimer(self)
        self._figures.setSingleShot(True)
        self._figures.setInterval(_FIGURES_MS)
        self._figures.timeout.connect(self._show_figures)
        self._clock = QTimer(self)
        self._clock.setInterval(_CLOCK_MS)
        self._clock.timeout.connect(lambda: self.status_changed.emit(self.status()))
        self._connect()
        self._run_changed()

    def _connect(self) -> None:
        training = self.studio.training
        training.run_changed.connect(self._run_changed)
        training.events.connect(self._take)
        training.state_changed.connect(self._state_changed)
        self.empty.triggered.connect(lambda: self.actions_.trigger("train.start"))
        self.board.options_changed.connect(self._keep_options)
        self.board.opened.connect(lambda panel: self._scroll.ensureWidgetVisible(panel))
        self.board.failed.connect(lambda text: self.studio.say(text, "bad"))
        self.facts.outcome.inspect_asked.connect(self._inspect)
        self.facts.outcome.again_asked.connect(self._train_again)
        self.facts.outcome.resume_asked.connect(lambda: self.actions_.trigger("train.resume"))
        for asking in (self.facts.warnings, self.facts.outcome):
            asking.method_asked.connect(self.balance.choose.click)
        self.log.unfolded.connect(lambda: QTimer.singleShot(0, self._show_log))
        self.runs.listed.connect(self._show_outcome)

    # --- what the window asks ---------------------------------------------------------------------------------

    def entered(self) -> None:
        """Draws what came in while another workspace was shown."""
        self.runs.set_watching(True)
        self._clock.start()
        self._show_everything()

    def left(self) -> None:
        """Only gathers the numbers from now on."""
        self.runs.set_watching(False)
        self._clock.stop()

    def status(self) -> list[str]:
        """State, progress, time left, speed, memory, age of the last checkpoint."""
        training, series = self.studio.training, self.series
        if training.state == State.STARTING or (training.is_training and (series is None or series.started is None)):
            loading = training.loading
            text = tr("Reading pictures {n} / {all}", n=loading[0], all=loading[1]) if loading else tr("Preparing …")
            return [f"● {text}"]
        if series is None or series.started is None:
            return [tr("No training")]
        broken_off = self.runs.status(training.run) == INTERRUPTED
        if not training.is_training and (training.state != State.FOLLOWING or broken_off):
            return self._ended_status(series)
        epoch = min(series.last_step // series.steps_per_epoch + 1, series.total_epochs)
        words = {
            State.PAUSED: tr("Paused · epoch {epoch} / {epochs}", epoch=epoch, epochs=series.total_epochs),
            State.STOPPING: tr("Stopping …"),
            State.FOLLOWING: tr("Followed · epoch {epoch} / {epochs}", epoch=epoch, epochs=series.total_epochs),
        }.get(training.state, tr("Training epoch {epoch} / {epochs}", epoch=epoch, epochs=series.total_epochs))
        texts = [f"● {words}", f"{series.progress:.0%}"]
        left, rates = series.seconds_left(), series.rates()
        if left is not None and training.state != State.PAUSED:
            texts.append(tr("ETA {time}", time=clock(left)))
        if rates is not None:
            texts.append(tr("{n} steps/s", n=f"{rates[0]:.0f}" if rates[0] >= 10 else f"{rates[0]:.1f}"))
        if series.memory:
            texts.append(gigabytes(series.memory))
        if series.checkpoints:
            texts.append(tr("checkpoint {ago}", ago=ago(series.checkpoints[-1].time)))
        return texts

    def _ended_status(self, series: RunSeries) -> list[str]:
        run = self.studio.training.run
        name = next((entry.name for entry in self.runs.entries if run is not None and entry.run.path == run.path), "")
        epochs = tr("{epoch} / {epochs} epochs", epoch=len(series.epochs), epochs=series.total_epochs)
        return [part for part in (name, epochs) if part]

    def settled(self) -> bool:
        """Nothing waits to be read or drawn."""
        idle = self.runs.is_idle() and self.board.is_idle() and self.sights.is_idle()
        return idle and not self._figures.isActive() and not self.studio.training.is_reading

    def default_sizes(self) -> list[int]:
        """Side panels as wide as their words."""
        return [scaled(244), scaled(950), scaled(244)]

    # --- layout -----------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        left = _side((self.runs, self.balance, self.recipe, self.strategy), "right")
        cards = (self.facts.outcome, self.facts.warnings)
        right = _side((*cards, self.agreement, self.advice, self.facts, self.forgetting), "left")
        page = QWidget()
        rows = QVBoxLayout(page)
        rows.setContentsMargins(12, 0, 12, 12)
        rows.setSpacing(10)
        rows.addWidget(self.board, 1)
        rows.addWidget(self.table)
        rows.addWidget(self.sights)
        rows.addWidget(self.log)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(page)
        self._scroll.verticalScrollBar().valueChanged.connect(lambda _value: self.board.redraw())
        shown = QWidget()
        shown_rows = QVBoxLayout(shown)
        shown_rows.setContentsMargins(0, 10, 0, 0)
        shown_rows.setSpacing(10)
        self.board.bar.setContentsMargins(12, 0, 12, 0)
        shown_rows.addWidget(self.board.bar)
        shown_rows.addWidget(self._scroll, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(shown)
        for part in (left, self.pages, right):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.splitter)
        self.splitter.setSizes(self.default_sizes())

    # --- the run ----------------------------------------------------------------------------------------------

    def _spec(self) -> ProjectSpec:
        return self.studio.training.spec or self._document.spec

    def _run_changed(self, *_news: object) -> None:
        """Another run is shown: its curves begin anew, from what the session knows of it."""
        training = self.studio.training
        nothing = training.run is None and not training.is_training
        spec = self._spec()
        self.series = None if nothing else RunSeries(spec, main_metrics(spec), self.board.options.smoothing)
        if self.series is not None:
            self.series.take(training.history)
            self.table.set_tasks(spec.tasks)
        self.pages.setCurrentIndex(0 if nothing else 1)
        self.board.set_series(self.series)
        self.sights.set_run(training.run, self.series)
        folder = training.run.path if training.run is not None else None
        self.log.set_run(None if nothing else spec, folder, training.history)
        self._show_everything()

    def _state_changed(self, state: str) -> None:
        if state == State.STARTING:
            self._run_changed()
        self._show_everything()

    def _take(self, events: list[Event]) -> None:
        """The run goes on. Hidden, the workspace only gathers."""
        if self.series is None:
            return
        self.series.take(events)
        self.balance.take(events)
        self.log.take(events)
        for event in events:
            if isinstance(event, StepsMeasured) and event.total:
                quick = event.seconds / len(event.total) < _QUICK_STEP_S
                self._figures.setInterval(_SPARING_MS if quick else _FIGURES_MS)
        if not self.isVisible():
            self._stale = True
        elif not self._figures.isActive():
            self._figures.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Draws what came in while it was hidden."""
        super().showEvent(event)
        if self._stale:
            self._show_everything()

    def _show_everything(self) -> None:
        self._stale = False
        self._show_figures()

    def _show_figures(self) -> None:
        """All texts in one go, so that equal figures are equal at any time; the curves follow one after another."""
        self._figures.stop()
        if not self.isVisible():
            self._stale = True
            return
        self.board.refresh()
        if self.series is not None:
            self.table.refresh(self.series)
        self.sights.refresh(self.series)
        self.log.refresh()
        self.agreement.refresh(self.series)
        proposal = self.agreement.proposal
        self.advice.refresh(self.series, proposal.because if proposal is not None else None)
        self.strategy.show_stage(self.series.track.current if self.series is not None else 0)
        self.facts.refresh(self.series, self.studio.engine.device_memory)
        self.forgetting.refresh(self.series)
        self._show_outcome()
        self.status_changed.emit(self.status())

    def _show_outcome(self) -> None:
        training = self.studio.training
        self.facts.outcome.refresh(self.series, self.runs.status(training.run), training.is_training)
        self.facts.warnings.refresh(self.series, training.is_training)
        self.runs.show_steered(
            *((len(self.series.marks), self.series.track.by_hand) if self.series is not None else (0,))
        )

    def _train_again(self, fields: dict[str, Any]) -> None:
        if self._controller is not None:
            self._controller.change_and_train(fields)

    def _show_log(self) -> None:
        self._scroll.ensureWidgetVisible(self.log)

    def _keep_options(self) -> None:
        self.studio.settings.layouts[OPTIONS] = self.board.options.text()

    def _inspect(self) -> None:
        run = self.studio.training.run
        if run is not None:
            self.studio.prediction.load(run)
            self.actions_.trigger("view.inspect")


def _side(parts: tuple[QWidget, ...], edge: str) -> QFrame:
    """A side panel that scrolls."""
    inside = QWidget()
    rows = QVBoxLayout(inside)
    rows.setContentsMargins(12, 6, 12, 12)
    rows.setSpacing(6)
    for part in parts:
        rows.addWidget(part)
    rows.addStretch(1)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(inside)
    side = QFrame()
    side.setProperty("surface", "side")
    side.setProperty("edge", edge)
    around = QVBoxLayout(side)
    around.setContentsMargins(0, 0, 0, 0)
    around.addWidget(scroll)
    side.setMinimumWidth(scaled(180))
    return side

"""Compare: the runs and studies of the project side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import ntr, tr
from mtlstudio.runs.events import EpochFinished, RunFailed, RunFinished, RunStarted
from mtlstudio.runs.folder import RunFolder, runs_of
from mtlstudio.runs.keeping import choose
from mtlstudio.runs.trail import Trail, read_trail
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.session.studio import Studio
from mtlstudio.studies.compare import Comparison, Known
from mtlstudio.ui.compare.chart import MetricChart
from mtlstudio.ui.compare.curves_panel import CurvesPanel
from mtlstudio.ui.compare.differs_panel import DiffersPanel
from mtlstudio.ui.compare.keeper import Keeper
from mtlstudio.ui.compare.lines import DELTA, Line, cell, run_title
from mtlstudio.ui.compare.parallel_panel import ParallelPanel
from mtlstudio.ui.compare.pareto_panel import ParetoPanel
from mtlstudio.ui.compare.pareto_points import ParetoPoint
from mtlstudio.ui.compare.planning import Planner
from mtlstudio.ui.compare.rows import RunRow, read_rows
from mtlstudio.ui.compare.runs_panel import RunsPanel
from mtlstudio.ui.compare.section import Section
from mtlstudio.ui.compare.similarity_panel import SimilarityPanel
from mtlstudio.ui.compare.study_bar import StudyBar, read_queue
from mtlstudio.ui.compare.verdict_panel import Verdict, VerdictPanel, read_verdicts, verdicts_stamp
from mtlstudio.ui.compare.views import Views
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.shell.workspace import Workspace
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import row
from mtlstudio.ui.widgets.feedback import EmptyState
from mtlstudio.ui.widgets.titles import ElidedLabel

_SOON_MS = 300
_GAP, _MARGIN = 12, 14
_FIRST_CURVES = 3
"""Runs whose curves are drawn while none is selected: the newest."""


class _Column(QVBoxLayout):
    """A column that may shrink to its least height: with wrapped labels inside, a scroll area would else give it all
    the height that it would like, and scroll though there is room."""

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """Not for the scroll area around it."""
        return False


class CompareWorkspace(Workspace):
    """The table of runs; did sharing help, beside views of the runs; in what two of them differ."""

    def __init__(self, studio: Studio, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(studio, actions, parent)
        assert studio.document is not None
        self._document = studio.document
        self._jobs = Jobs(1, self)
        self.comparison: Comparison | None = None
        self.keeper, self.planner = Keeper(studio, self), Planner(studio, self)
        self.bar = StudyBar(studio.studies, self._document.spec)
        self.runs = RunsPanel(self._document.spec.tasks, self.keeper)
        self.verdict, self.views, self.differs = VerdictPanel(), Views(), DiffersPanel()
        tasks = self._document.spec.tasks
        self.pareto, self.curves = ParetoPanel(tasks), CurvesPanel(tasks)
        self.parallel, self.chart = ParallelPanel(tasks), MetricChart()
        self.similarity = SimilarityPanel(studio.training)
        self._trails: list[Trail] = []
        self._known: Known = {}
        self._read: Read = {}
        self._judged: tuple[object, ...] = ()
        for view_id, name, page in (
            ("pareto", tr("Pareto"), self.pareto), ("curves", tr("Curves"), self.curves),
            ("sweep", tr("Sweep"), self.parallel), ("metrics", tr("Metrics"), self.chart),
            ("similarity", tr("Similarity"), self.similarity),
        ):  # fmt: skip
            self.views.add_view(view_id, name, page)
        self.empty = EmptyState(
            "compare", tr("There is no run yet."), tr("Train"),
            detail=tr("Runs stand here side by side, best epoch each. Run baselines answers whether sharing helped."),
        )  # fmt: skip
        self.unreadable = ElidedLabel(role="warning")
        self.unreadable.setObjectName("unreadable")
        self.unreadable.hide()
        self._lay_out()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_SOON_MS)
        self._later.timeout.connect(self.refresh)
        self._connect()

    # --- what the window asks ---------------------------------------------------------------------------------

    def handlers(self) -> dict[str, object]:
        """Studies, report, trash."""
        return {
            **self.planner.handlers(),
            "compare.report": lambda: self.verdict.open_menu(
                self.window().findChild(QPushButton, "button-compare.report")
            ),
            "compare.trash": self.keeper.open_trash,
            "compare.pin": lambda: self.runs.act("pin"),
            "compare.words": lambda: self.runs.act("words"),
            "compare.delete": lambda: self.runs.act("delete"),
        }

    def entered(self) -> None:
        """Reads the runs anew."""
        self.refresh()

    def status(self) -> list[str]:
        """How many runs there are and are selected; the best of those that can be compared."""
        texts = [ntr("{n} run", "{n} runs", len(self.runs.model.rows))]
        chosen = len(self.runs.selected())
        if chosen > 1:
            texts.append(ntr("{n} selected", "{n} selected", chosen))
        best = best_gain(self.runs.model.lines, self.runs.model.convention)
        if best is not None:
            texts.append(tr("best {delta}: {name} {value}", delta=self.runs.model.title(DELTA), name=best.title,
                            value=cell(best, DELTA, self.runs.model.convention).text))  # fmt: skip
        return texts

    def settled(self) -> bool:
        """The runs are read."""
        own = not self._jobs.busy and not self._later.isActive()
        return own and self.curves.settled() and self.similarity.settled()

    def layout_state(self) -> str:
        """Which sections are folded, which view is in front."""
        folded = [name for name, section in self._sections().items() if section.is_folded()]
        return json.dumps({"folded": folded, "view": self.views.current()})

    def restore_layout(self, state: str) -> None:
        """Brings that back; everything is unfolded where nothing is known."""
        try:
            values = json.loads(state)
            folded, view = set(values["folded"]), str(values["view"])
        except (ValueError, TypeError, KeyError):
            folded, view = set(), ""
        for name, section in self._sections().items():
            section.set_folded(name in folded)
        self.views.show_view(view)

    def refresh(self) -> None:
        """Reads runs, queue and verdicts of the project in the background."""
        folder = self._document.folder
        self._jobs.submit(lambda _token: read_rows(folder, self._known), self._show, key="rows")
        self._jobs.submit(lambda token: read_trails(folder, self._read, token), self._show_trails, key="trails")
        self._jobs.submit(lambda _token: read_queue(folder), self.bar.set_waiting, key="queue")
        self._jobs.submit(lambda _token: self._new_verdicts(folder), self._show_verdicts, key="verdicts")

    # --- building ---------------------------------------------------------------------------------------------

    def _sections(self) -> dict[str, Section]:
        return {"runs": self.runs, "verdict": self.verdict, "views": self.views, "differs": self.differs}

    def _lay_out(self) -> None:
        self._middle = middle = row(self.verdict, self.views, spacing=_GAP)
        middle.setStretch(0, 5)
        middle.setStretch(1, 4)
        self.views.setMinimumWidth(scaled(360))
        self.full = QWidget()
        column = QVBoxLayout(self.full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.runs, 2)
        column.addLayout(middle, 3)
        column.addWidget(self.differs)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        inside = QWidget()
        inside.setProperty("surface", "background")
        inside.setProperty("ground", "background")
        page = _Column(inside)
        page.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        page.setSpacing(12)
        page.addWidget(self.bar)
        page.addWidget(self.unreadable)
        page.addWidget(self.empty, 1)
        page.addWidget(self.full, 1)
        scroll.setWidget(inside)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(scroll)
        self.full.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Where both do not fit beside one another (large texts), the views stand below the verdict."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        needed = self.verdict.minimumSizeHint().width() + self.views.minimumWidth() + _GAP + 2 * _MARGIN
        beside = self.width() >= needed
        self._middle.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    def _connect(self) -> None:
        studio, later = self.studio, self._later
        self.empty.triggered.connect(lambda: self.actions_.trigger("train.start"))
        self.bar.go_on.connect(self.planner.go_on)
        self.verdict.baselines_wanted.connect(self.planner.baselines)
        self.verdict.said.connect(studio.say)
        self.verdict.shown.connect(lambda verdict: self.similarity.show_study(verdict.study if verdict else None))
        self.similarity.said.connect(studio.say)
        self.keeper.changed.connect(self.refresh)
        self.runs.selection_changed.connect(self._show_selection)
        self.runs.convention.changed.connect(lambda _one: self._show_sweep())
        self.pareto.use_wanted.connect(self._use_checkpoint)
        self.pareto.choose_wanted.connect(self._choose_checkpoint)
        self.parallel.runs_wanted.connect(self.runs.select_runs)
        self.views.shown.connect(lambda _view: self._show_selection())
        self.runs.inspect_wanted.connect(self._inspect)
        self.runs.curves_wanted.connect(self._curves)
        for panel in (self.runs, self.differs):
            panel.design_wanted.connect(self._compare_design)
        studio.studies.changed.connect(later.start)
        studio.training.events.connect(self._notice)
        studio.training.state_changed.connect(lambda _state: later.start())
        self._document.changed.connect(self._follow_tasks)

    # --- what is shown ----------------------------------------------------------------------------------------

    def _show(self, found: tuple[Comparison, list[RunRow]]) -> None:
        self.comparison, rows = found
        self._tell_unreadable(self.comparison.unreadable)
        self.runs.set_rows(rows)
        self.empty.setVisible(not rows)
        self.full.setVisible(bool(rows))
        self._show_sweep()
        self._show_selection()

    def _tell_unreadable(self, lines: Sequence[str]) -> None:
        words = ntr("⚠ {n} thing cannot be read: {what}", "⚠ {n} things cannot be read: {what}", len(lines),
                    what=" · ".join(lines)) if lines else ""  # fmt: skip
        self.unreadable.set_text(words)
        self.unreadable.setVisible(bool(lines))

    def _new_verdicts(self, folder: Path) -> tuple[tuple[object, ...], list[Verdict]] | None:
        """In the thread: the verdicts, and the stamp of what they rest on; None where all of it is as it was.

        The stamp is taken first: what changes while they are read makes them be read once more.
        """
        stamp = verdicts_stamp(folder)
        return None if stamp == self._judged else (stamp, read_verdicts(folder))

    def _show_verdicts(self, found: tuple[tuple[object, ...], list[Verdict]] | None) -> None:
        if found is None:
            return
        self._judged, verdicts = found  # only now: a reading that a newer one replaced was shown to nobody
        self.verdict.set_verdicts(verdicts)
        self._arrange()

    def _show_trails(self, trails: list[Trail]) -> None:
        self._trails = trails
        self._show_selection()

    def _show_sweep(self) -> None:
        self.parallel.set_rows(self.runs.model.rows, self.runs.model.convention)

    def _show_selection(self) -> None:
        """What is selected is shown everywhere; where nothing is, everything that can be compared."""
        lines, view = self.runs.selected_lines(), self.views.current()
        chosen = [one for line in lines for one in line.rows]
        if view == "pareto":
            names = {one.run.id: run_title(one) for one in chosen or self.runs.model.rows}
            self.pareto.set_trails([replace(t, name=names[t.run.id]) for t in self._trails if t.run.id in names])
        elif view == "curves":
            first = [one for one in self.runs.model.rows if not one.alone][:_FIRST_CURVES]
            self.curves.set_runs({run_title(one): one.run for one in chosen or first})
        self.chart.set_lines(lines or self.runs.model.lines, self._document.spec.tasks)
        self.differs.show_lines(lines)
        self.status_changed.emit(self.status())

    def _follow_tasks(self, before: object, after: object) -> None:
        if getattr(before, "tasks", None) != getattr(after, "tasks", None):
            tasks = self._document.spec.tasks
            for panel in (self.runs, self.pareto, self.curves, self.parallel):
                panel.set_tasks(tasks)
            self.bar.set_spec(self._document.spec)
            self._later.start()

    def _notice(self, events: list[object]) -> None:
        if self.isVisible() and any(
            isinstance(event, EpochFinished | RunStarted | RunFinished | RunFailed) for event in events
        ):
            self._later.start()

    # --- other rooms ------------------------------------------------------------------------------------------

    def _inspect(self, run: RunFolder) -> None:
        self.studio.prediction.load(run)
        self.actions_.trigger("view.inspect")

    def _use_checkpoint(self, point: ParetoPoint) -> None:
        self.studio.prediction.load(point.run, point.step)
        self.actions_.trigger("view.inspect")

    def _choose_checkpoint(self, point: ParetoPoint, chosen: bool) -> None:
        try:
            choose(point.run, point.step if chosen else None)
        except StudioError as error:
            self.studio.say(error.text(), "bad")
        self.refresh()

    def _curves(self, run: RunFolder) -> None:
        self.studio.training.show(run)
        self.actions_.trigger("view.train")

    def _compare_design(self, run: RunFolder) -> None:
        self.actions_.trigger("view.design")
        room = getattr(self.window(), "workspaces", {}).get("design")
        compare_with_run = getattr(room, "compare_with_run", None)
        if compare_with_run is not None:
            compare_with_run(run.info().name)


def best_gain(lines: Sequence[Line], convention: str) -> Line | None:
    """The line with the largest Δm; None where there is none above 0."""
    gains = [(cell(line, DELTA, convention).value, -place) for place, line in enumerate(lines)]
    known = [pair for pair in gains if pair[0] is not None and pair[0] > 0]
    return lines[-max(known)[1]] if known else None


Read = dict[str, tuple[tuple[int, ...], Trail]]
"""Path of a run -> the stamp of its files when it was read, and its epochs."""


def read_trails(project_folder: Path, known: Read, token: Token) -> list[Trail]:
    """The epochs of all runs of several tasks; those that have not changed since are not read again."""
    found = []
    for run in runs_of(project_folder):
        token.check()
        stamp, before = run.stamp(), known.get(str(run.path))
        try:
            if run.info().is_baseline:
                continue
            trail = before[1] if before is not None and before[0] == stamp else read_trail(run)
        except StudioError:  # damaged
            continue
        known[str(run.path)] = (stamp, trail)
        found.append(trail)
    return found

"""Did sharing help? The verdict in words, the gains as bars, Δm in both conventions, costs, what else differs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QFileDialog, QMenu, QScrollArea, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import language, ntr, tr
from mtlstudio.runs.folder import RUNNING, RUNS
from mtlstudio.studies.folder import STUDIES, StudyFolder, studies_of
from mtlstudio.studies.methods import MethodGain, methods_beside
from mtlstudio.studies.publish import CSV_FILE, HTML_FILE, current_answer
from mtlstudio.studies.study import BASELINES
from mtlstudio.studies.words import number, percent
from mtlstudio.ui.compare.gain_chart import BarGroup, Gain, GainChart, as_gain, gain_words
from mtlstudio.ui.compare.rows import duration
from mtlstudio.ui.compare.section import Section
from mtlstudio.ui.compare.wrapped import WrappedLabel
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import row
from mtlstudio.ui.widgets.feedback import EmptyState
from mtlstudio.ui.widgets.panel import Collapsible
from mtlstudio.ui.widgets.titles import ElidedLabel, FactList

_MOST_METHODS = 8


@dataclass(frozen=True)
class Verdict:
    """What there is to say of a study of baselines.

    Attributes:
        answer: as `compare --json` and `baselines --json` have it; None where nothing of it is measured, `reason` then
            says why.
        methods: the shared network itself first, then others over the same baselines.
        colours: task id -> of the task.
    """

    study: StudyFolder
    answer: dict[str, Any] | None
    reason: str = ""
    methods: tuple[MethodGain, ...] = ()
    colours: dict[str, str] = field(default_factory=dict)


def read_verdicts(project_folder: Path) -> list[Verdict]:
    """Of all studies of baselines, newest first."""
    found = []
    for study in reversed(studies_of(project_folder)):
        plan = study.study()
        if plan.kind != BASELINES:
            continue
        colours = {task.id: task.colour for task in plan.project.tasks}
        if study.status() == RUNNING and study.answer() is None:  # its thread needs the machine: the answer can wait
            words = tr("It is under way; the verdict comes when its runs are done.")
            found.append(Verdict(study, None, words, (), colours))
            continue
        try:
            answer = current_answer(study)
            found.append(Verdict(study, answer, "", tuple(methods_beside(study)), colours))
        except StudioError as error:
            found.append(Verdict(study, None, error.text(), (), colours))
    return found


def verdicts_stamp(project_folder: Path) -> tuple[object, ...]:
    """Another one whenever something that a verdict rests on has come, changed or gone."""
    studies, runs = Path(project_folder) / STUDIES, Path(project_folder) / RUNS
    told = [*studies.glob("*/*.json"), *studies.glob("*/measured/*.json")]
    names = sorted(path.name for path in runs.iterdir()) if runs.is_dir() else []
    return (language(), *names, *sorted((str(path), path.stat().st_mtime_ns) for path in told))


def chart_groups(verdict: Verdict) -> tuple[list[BarGroup], list[str]]:
    """The bars, and what the methods are called. The first method is the study's own: its figures are the answer's."""
    answer = verdict.answer or {}
    shown = verdict.methods[:_MOST_METHODS]
    groups = [
        BarGroup(
            values["name"], verdict.colours.get(task, ""),
            (_gain(values["gain"]), *(as_gain(method.tasks.get(task)) for method in shown[1:])),
        )
        for task, values in answer.get("tasks", {}).items()
    ]  # fmt: skip
    per_task = answer.get("delta_m", {}).get("per_task")
    if len(groups) > 1:
        gains = (_gain(per_task), *(as_gain(method.per_task) for method in shown[1:]))
        groups.append(BarGroup(tr("Δm per task, {split}", split=answer["split"]), "", gains))
    return groups, [method.label for method in shown] or [tr("shared")]


class VerdictPanel(Section):
    """Signals:
    baselines_wanted: the button of the empty panel was pressed.
    said: (text, kind) for the user.
    shown: another study is shown (a Verdict), or None.
    """

    baselines_wanted = Signal()
    shown = Signal(object)
    said = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Did sharing help?"), parent=parent)
        self.setObjectName("verdict")
        self._verdicts: list[Verdict] = []
        self.choice = QComboBox()
        self.choice.setObjectName("baselines-choice")
        self.choice.setAccessibleName(tr("Study of baselines"))
        self.choice.currentIndexChanged.connect(lambda _place: self._show())
        self.header.addStretch(1)
        self.add_header_widget(self.choice)
        self.about, self.headline = ElidedLabel(role="dim"), WrappedLabel("title")
        self.headline.setObjectName("headline")
        self.chart, self.methods = GainChart(), ElidedLabel(role="small")
        self.deltas, self.costs = FactList(), FactList()
        self.sentences = Collapsible(tr("Task by task"), expanded=False)
        self.sentence_text = WrappedLabel()
        self.sentences.add(self.sentence_text)
        self.caveats = Collapsible(tr("What else differs"), expanded=False)
        self.caveat_text = WrappedLabel("dim")
        self.caveats.add(self.caveat_text)
        self.empty = EmptyState(
            "compare", tr("Did sharing help?"), tr("Run baselines…"),
            detail=tr("Each task is trained alone with the same pictures, epochs and seeds; then it can be said."),
        )  # fmt: skip
        self.empty.triggered.connect(self.baselines_wanted)
        self._lay_out()
        self.set_verdicts([])

    def current(self) -> Verdict | None:
        """The study that is shown."""
        place = self.choice.currentIndex()
        return self._verdicts[place] if 0 <= place < len(self._verdicts) else None

    def set_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Shows other studies; the chosen one stays chosen unless a newer one has come."""
        before, newest = self.current(), self._verdicts[0].study.id if self._verdicts else ""
        self._verdicts = list(verdicts)
        keeps = before is not None and bool(verdicts) and verdicts[0].study.id == newest
        self.choice.blockSignals(True)
        self.choice.clear()
        for verdict in verdicts:
            self.choice.addItem(verdict.study.id)
        if keeps and before is not None:
            self.choice.setCurrentIndex(max(0, self.choice.findText(before.study.id)))
        self.choice.blockSignals(False)
        self._show()

    def open_menu(self, below: QWidget | None = None) -> None:
        """Opens the report, or saves a copy of it; a menu below the button that asked for it."""
        verdict = self.current()
        if verdict is None or verdict.answer is None:
            self.said.emit(tr("There is no report yet: run the baselines first."), "info")
            return
        page, table = verdict.study.path / HTML_FILE, verdict.study.path / CSV_FILE
        menu = QMenu(self)
        menu.setObjectName("report-menu")
        menu.addAction(tr("Open the report"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(page))))
        menu.addAction(tr("Save the report as…"), lambda: self._save(page, "HTML (*.html)"))
        menu.addAction(tr("Save the figures as CSV…"), lambda: self._save(table, "CSV (*.csv)"))
        anchor = below or self
        menu.popup(anchor.mapToGlobal(anchor.rect().bottomLeft() if below else anchor.rect().topLeft()))

    def _save(self, source: Path, kinds: str) -> None:
        verdict = self.current()
        name = f"{verdict.study.id}{source.suffix}" if verdict is not None else source.name
        path, _ = QFileDialog.getSaveFileName(self, tr("Save as"), name, kinds)
        if not path:
            return
        try:
            shutil.copyfile(source, path)
        except OSError as error:
            self.said.emit(tr("It could not be saved: {reason}", reason=error.strerror or error), "bad")
            return
        self.said.emit(tr("Saved: {path}", path=path), "good")

    def _lay_out(self) -> None:
        self.full = QWidget()
        column = QVBoxLayout(self.full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        scroll = QScrollArea()
        scroll.setWidget(self.chart)
        scroll.setWidgetResizable(True)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(scaled(150))
        figures = row(self.deltas, self.costs, spacing=32)
        figures.setStretch(0, 1)
        figures.setStretch(1, 1)
        column.addWidget(self.headline)
        column.addWidget(self.about)
        column.addWidget(scroll, 1)
        column.addWidget(self.methods)
        column.addLayout(figures)
        column.addWidget(self.sentences)
        column.addWidget(self.caveats)
        self.add(self.full, 1)
        self.add(self.empty, 1)

    def _show(self) -> None:
        verdict = self.current()
        answer = verdict.answer if verdict is not None else None
        self.shown.emit(verdict)
        self.full.setVisible(answer is not None)
        self.empty.setVisible(answer is None)
        self.choice.setVisible(len(self._verdicts) > 1)
        if verdict is None or answer is None:
            detail = verdict.reason if verdict is not None else tr(
                "Each task is trained alone with the same pictures, epochs and seeds; then it can be said."
            )  # fmt: skip
            self.empty.set_message(tr("Did sharing help?"), tr("Run baselines…"), detail)
            return
        self.chart.show_groups(*chart_groups(verdict))
        self.methods.setVisible(len(self.chart.methods) > 1)
        self.methods.set_text(tr("From left: {methods}", methods=" · ".join(self.chart.methods)))
        self.headline.setText(str(answer["headline"]))
        self.about.set_text(_about(answer))
        self.deltas.set_facts(delta_facts(answer))
        self.deltas.setToolTip("\n".join(answer["delta_m"]["conventions"].values()))
        self.costs.set_facts(cost_facts(answer))
        self.sentence_text.setText("\n".join(task["sentence"] for task in answer["tasks"].values()))
        notes = [*(note["text"] for note in answer["notes"]), *_beside(verdict.methods), *_failures(answer)]
        self.caveats.set_title(ntr("What else differs ({n})", "What else differs ({n})", len(notes)))
        self.caveat_text.setText("\n".join(f"• {text}" for text in [*notes, str(answer["method"])]))


def delta_facts(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Δm in both conventions, each with its name, SD and interval."""
    split = answer["split"]
    names = {
        "per_task": tr("Δm per task, {split}", split=split), "per_metric": tr("Δm per metric, {split}", split=split),
    }  # fmt: skip
    return [(name, _estimate(answer["delta_m"][key])) for key, name in names.items()]


def cost_facts(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Shared against separate: parameters, MACs, time of training."""
    return [
        (name, _costs(answer["costs"][key]))
        for key, name in (("shared", tr("Shared")), ("separate", tr("Separate, together")))
    ]


def _costs(costs: Mapping[str, Any]) -> str:
    seconds = costs["seconds"]["mean"] if costs["seconds"] else None
    time = duration(seconds) if seconds is not None else number(None)
    return tr("{parameters} M parameters · {macs} G MACs · {time} of training",
              parameters=f"{costs['parameters'] / 1e6:.2f}", macs=f"{costs['macs'] / 1e9:.2f}", time=time)  # fmt: skip


def _estimate(found: Mapping[str, Any] | None) -> str:
    text = gain_words(_gain(found))
    if found is None or found["low"] is None:
        return text
    return f"{text}  [{percent(found['low'])} … {percent(found['high'])}]"


def _gain(found: Mapping[str, Any] | None) -> Gain | None:
    return None if found is None else (found["value"], found["sd"])


def _about(answer: Mapping[str, Any]) -> str:
    seeds = len(answer["seeds"])
    return ntr(
        "Gain over the single-task networks, one seed · {pictures} pictures of the split {split}",
        "Gain over the single-task networks, {n} seeds, mean ± SD · {pictures} pictures of the split {split}",
        seeds, pictures=answer["pictures"], split=answer["split"],
    )  # fmt: skip


def _beside(methods: Sequence[MethodGain]) -> list[str]:
    """Methods beside the shared network that differ from it in more than they are named by."""
    return [
        tr("{method} ({study}) differs in more than that: {fields}.", method=one.label, study=one.study,
           fields=", ".join(one.also))
        for one in methods[1:_MOST_METHODS] if one.also
    ]  # fmt: skip


def _failures(answer: Mapping[str, Any]) -> list[str]:
    return [tr("{member} failed: {reason}", member=member, reason=why) for member, why in answer["failures"].items()]

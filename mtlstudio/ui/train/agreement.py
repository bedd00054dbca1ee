"""Do the tasks agree? Cosines of their gradients, what a step for one does to the others, and what could be split."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.affinity import Affinity, Grouping, affinity, proposed
from mtlstudio.runs.interactions import ALL, Interactions
from mtlstudio.runs.proposals import (
    SplitProposal,
    grouped,
    parting_layer,
    shared_layers,
    split_carried_out,
    split_proposal,
)
from mtlstudio.session.document import Document
from mtlstudio.training.measuring import measures_every
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.train import agreement_words as words
from mtlstudio.ui.train.matrix import MOST, PairList, SignedMatrix, Sparkline, Tip
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.widgets.common import column, label
from mtlstudio.ui.widgets.feedback import show_toast
from mtlstudio.ui.widgets.panel import Notice
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl
from mtlstudio.ui.widgets.titles import SectionTitle


class AgreementBox(QWidget):
    """What the tasks of the run that is shown do to one another."""

    def __init__(self, document: Document, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("agreement")
        self._document, self._actions = document, actions
        self._series: RunSeries | None = None
        self._shown: tuple[object, ...] = ()
        self.proposal: SplitProposal | None = None
        self.grouping: Grouping | None = None
        self.nothing = label("", "dim", wrap=True)
        self.kinds = SegmentedControl(
            (Segment("gradients", tr("Gradients")), Segment("affinity", tr("Affinity"))), small=True, name=tr("What is shown")
        )  # fmt: skip
        self.kinds.changed.connect(lambda _kind: self._show_page())
        self.gradients, self.affinity = GradientPage(), AffinityPage()
        self.pages = QWidget()
        self.pages.setLayout(column(self.gradients, self.affinity, spacing=0))  # only one of them is shown
        self.gradients.notice.triggered.connect(self.try_split)
        self.affinity.notice.triggered.connect(self.try_groups)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        for part in (SectionTitle(tr("Do the tasks agree?")), self.nothing, self.kinds, self.pages):
            inside.addWidget(part)
        document.changed.connect(self._redesigned)
        self.refresh(None)

    def refresh(self, series: RunSeries | None) -> None:
        """Shows the newest measurements of a run; only words where there are none."""
        self._series = series
        spec = series.spec if series is not None else self._document.spec
        found = series.interactions if series is not None else Interactions(spec.task_ids)
        state = (series, len(found.gradients), len(found.affinities), self._document.spec.network)
        if state == self._shown:
            return
        self._shown = state
        measured = bool(found.gradients or found.affinities)
        self.nothing.setVisible(not measured)
        self.nothing.setText(words.nothing_yet(spec, measures_every(spec.training, len(spec.tasks))))
        self.kinds.setVisible(bool(found.gradients) and bool(found.affinities))
        self.pages.setVisible(measured)
        self.proposal = self.grouping = None
        if not measured:
            return
        if not found.affinities:
            self.kinds.set_current("gradients")
        self.proposal = split_proposal(found, self._document.spec)
        self.gradients.show_found(spec, found, self._document.spec, self.proposal)
        together = affinity(found.affinities, found.tasks)
        self.grouping = proposed(together) if together is not None else None
        self.affinity.show_found(spec, together, self.grouping, self._parting() is not None)
        self._show_page()

    def _redesigned(self, *_news: object) -> None:
        self.refresh(self._series)

    def try_split(self) -> None:
        """Takes the proposed split as a new design."""
        proposal = self.proposal
        if proposal is not None:
            spec = self._document.spec
            self._try(words.split_name(spec, proposal), lambda before: split_carried_out(before, proposal))

    def try_groups(self) -> None:
        """Takes the proposed groups as a new design: a tree."""
        grouping, layer = self.grouping, self._parting()
        if grouping is not None and layer is not None:
            self._try(tr("A branch for each group of tasks"), lambda before: grouped(before, grouping.groups, layer))

    def _parting(self) -> str | None:
        return parting_layer(self._document.spec, self.grouping.groups) if self.grouping is not None else None

    def _try(self, name: str, edit: Callable[[ProjectSpec], ProjectSpec]) -> None:
        before = {layer.id for layer in self._document.spec.network.layers}
        if not self._document.apply(name, edit):
            return
        after = self._document.spec
        window = self.window()
        self._actions.trigger("view.design")
        self._document.select([layer.id for layer in after.network.layers if layer.id not in before])

        def undo() -> None:
            if self._document.spec is after:
                self._document.undo()

        show_toast(window, tr("New design: {name}", name=name), tr("Undo"), undo, tone="good", timeout=12000)

    def _show_page(self) -> None:
        affinity = self.kinds.current() == "affinity"
        self.gradients.setVisible(not affinity)
        self.affinity.setVisible(affinity)


class _Figures(QWidget):
    """A matrix, or of many tasks a list of pairs; a caption; and a notice."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix, self.pairs = SignedMatrix(name), PairList(name)
        self.caption = label("", "dim", wrap=True)
        self.notice = Notice()
        self.inside = QVBoxLayout(self)
        self.inside.setContentsMargins(0, 0, 0, 0)
        self.inside.setSpacing(6)
        for part in (self.matrix, self.pairs, self.caption):
            self.inside.addWidget(part)

    def show_values(self, spec: ProjectSpec, values: object, tip: Tip) -> None:
        """Shows figures of the tasks."""
        few = len(spec.tasks) <= MOST
        self.matrix.setVisible(few)
        self.pairs.setVisible(not few)
        shown = self.matrix if few else self.pairs
        shown.show_values(spec.tasks, values, tip)  # type: ignore[arg-type]


class GradientPage(_Figures):
    """Cosines in a layer, a pair of tasks over time, the proposed split."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Cosines of the tasks' gradients"), parent)
        self._spec: ProjectSpec | None = None
        self._found: Interactions | None = None
        self._pair: tuple[int, int] | None = None
        self._chosen = False
        self.layers = QComboBox()
        self.layers.setObjectName("agreement-layer")
        self.layers.setAccessibleName(tr("Shared layer"))
        self.layers.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.layers.setMinimumContentsLength(8)
        self.layers.activated.connect(self._choose_layer)
        self.pair_words = label("", "dim", wrap=True)
        self.line = Sparkline(tr("Cosine over the steps"))
        self.inside.insertWidget(0, self.layers)
        for part in (self.pair_words, self.line, self.notice):
            self.inside.addWidget(part)
        self.matrix.chosen.connect(self._choose_pair)
        self.pairs.chosen.connect(self._choose_pair)

    @property
    def layer(self) -> str:
        """Id of the layer that is shown, or `ALL`."""
        return self.layers.currentData() or ALL

    def show_found(
        self, spec: ProjectSpec, found: Interactions, design: ProjectSpec, proposal: SplitProposal | None
    ) -> None:
        """Shows measurements.

        Args:
            spec: of the run.
            found: its measurements.
            design: that is open now.
            proposal: the split proposed for it.
        """
        self._spec, self._found = spec, found
        conflicts = found.conflicts()
        ordered = [layer for layer in shared_layers(spec) if layer in found.layers]
        rest = [layer for layer in found.layers if layer not in ordered]
        self._offer(words.layer_choices(spec, ordered + rest, {item.layer for item in conflicts}))
        if proposal is not None and not self._chosen:
            self.layers.setCurrentIndex(max(0, self.layers.findData(proposal.because.layer)))
        self._draw()
        self.notice.setVisible(bool(conflicts))
        if proposal is not None:
            self.notice.set_message(*words.proposal_words(design, proposal), tr("Try as new design"))
        elif conflicts:
            self.notice.set_message(
                tr("The design has been changed"), tr("It does not share any more where tasks pulled apart in this run."),
                tone="accent",
            )  # fmt: skip

    def _offer(self, choices: list[tuple[str, str]]) -> None:
        there = [(self.layers.itemData(place), self.layers.itemText(place)) for place in range(self.layers.count())]
        if choices != there:
            before = self.layer
            self.layers.clear()
            for layer, text in choices:
                self.layers.addItem(text, layer)
            self.layers.setCurrentIndex(max(0, self.layers.findData(before)))

    def _choose_layer(self) -> None:
        self._chosen = True
        self._draw()

    def _choose_pair(self, row: int, column: int) -> None:
        self._pair = (row, column)
        self._draw()

    def _draw(self) -> None:
        spec, found, layer = self._spec, self._found, self.layer
        if spec is None or found is None:
            return
        tasks = found.tasks

        def tip(row: int, column: int) -> str:
            return words.pair_tip(spec, found, layer, tasks[row], tasks[column])

        self.show_values(spec, found.cosine(layer, words.RECENT), tip)
        count = len([item for item in found.gradients if layer in item.cosines])
        self.caption.setText(
            tr("Cosine of gradients in {layer}", layer=words.layer_name(spec, layer))
            + " · " + words.measured_words(count)
        )  # fmt: skip
        pair = self._pair if self._pair is not None and max(self._pair) < len(tasks) else None
        shown = pair is not None and pair[0] != pair[1]
        self.line.setVisible(shown)
        self.pair_words.setVisible(shown)
        if pair is not None and shown:
            self.pair_words.setText(tip(*pair))
            self.line.show_series(*found.series(layer, tasks[pair[0]], tasks[pair[1]]))


class AffinityPage(_Figures):
    """What a step for one task does for the others, and the groups that follow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Affinity of the tasks"), parent)
        self.inside.addWidget(self.notice)

    def show_found(self, spec: ProjectSpec, found: Affinity | None, grouping: Grouping | None, can_part: bool) -> None:
        """Shows the affinity of a run; `can_part`: the design that is open shares layers among the groups."""
        if found is None or grouping is None:
            return
        self.show_values(spec, found.helped, lambda row, column: words.affinity_tip(spec, found, row, column))
        self.caption.setText(
            tr("How much a step for the task of the row does for that of the column; 1: as much as its own")
        )
        action = tr("Try as a tree") if len(grouping.groups) > 1 and can_part else ""
        title, text = words.grouping_words(spec, grouping)
        self.notice.set_message(title, text, action, "good" if len(grouping.groups) == 1 else "accent")

"""Who pays for what: parameters, MACs or memory by the tasks that share them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.analysis import Analysis, Cost
from mtlstudio.project.graph import groups
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design import figures
from mtlstudio.ui.theme import mix, signals, theme
from mtlstudio.ui.widgets.bars import Part, StackedBar
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.icons import set_icon
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl

_KINDS: dict[str, tuple[str, Callable[[Cost], int], Callable[[float], str]]] = {
    "parameters": (mark("Parameters"), lambda cost: cost.parameters, figures.count),
    "macs": (mark("MACs"), lambda cost: cost.macs, figures.count),
    "memory": (mark("Memory"), lambda cost: cost.activation_bytes, figures.memory),
}


WORTH_A_LABEL = 0.05


class CostPanel(QFrame):
    """A bar of parts under the grid; it folds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("costs")
        self.setProperty("surface", "card")
        self._spec: ProjectSpec | None = None
        self._analysis: Analysis | None = None
        self.bar = StackedBar(height=14)
        self.kind = SegmentedControl([Segment(key, tr(words[0])) for key, words in _KINDS.items()], small=True)
        self.kind.setObjectName("cost-kind")
        self._fold = QToolButton()
        self._fold.setAccessibleName(tr("Fold"))
        self._fold.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        title = label(tr("Cost by who shares it"), "title")
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._fold)
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self.kind)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 14, 10)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.bar)
        self._chosen = False
        self._fold.clicked.connect(self._toggle)
        self.kind.changed.connect(lambda _key: self._show())
        signals.theme_changed.connect(self._show)
        self.set_folded(False)

    @property
    def is_folded(self) -> bool:
        """Only the title is shown."""
        return self.bar.isHidden()

    def set_folded(self, folded: bool) -> None:
        """Folds or opens it."""
        self.bar.setHidden(folded)
        self.kind.setHidden(folded)
        set_icon(self._fold, "chevron-right" if folded else "chevron-down", "dim", 14)

    def show_costs(self, spec: ProjectSpec, analysis: Analysis | None) -> None:
        """Shows a project's figures."""
        self._spec, self._analysis = spec, analysis
        self._show()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A double click folds it, too."""
        self._toggle()

    def fold_unless_chosen(self, folded: bool) -> None:
        """Folds or opens it, unless the user has done so before."""
        if not self._chosen:
            self.set_folded(folded)

    def _toggle(self) -> None:
        self._chosen = True
        self.set_folded(not self.is_folded)

    def _show(self) -> None:
        spec, analysis = self._spec, self._analysis
        if spec is None or analysis is None:
            self.bar.set_parts(())
            return
        _name, value, words = _KINDS[self.kind.current() or "parameters"]
        whole = value(analysis.total)
        parts = []
        shared = 0
        for tasks in groups(spec):
            size = value(analysis.costs.get(tasks, Cost()))
            name = tasks_words(spec, tasks)
            colour = spec.task(next(iter(tasks))).colour if len(tasks) == 1 else _shared_colour(shared)
            shared += len(tasks) > 1
            text = tr("{tasks} · {share}", tasks=name, share=figures.percent(size, whole))
            shown = text if size >= WORTH_A_LABEL * whole else ""
            parts.append(Part(size, colour, shown, tr("{text} · {size}", text=text, size=words(size))))
        self.bar.set_parts(parts)


def tasks_words(spec: ProjectSpec, tasks: frozenset[str]) -> str:
    """A set of tasks in words: `all 3`, `Species + Breed`, `12 tasks`."""
    if len(tasks) == len(spec.tasks) and len(tasks) > 1:
        return tr("all {n}", n=len(tasks))
    if len(tasks) > 3:
        return tr("{n} tasks", n=len(tasks))
    return " + ".join(task.name for task in spec.tasks if task.id in tasks)


def _shared_colour(index: int) -> str:
    """Greys that differ from one group to the next."""
    tokens = theme()
    return mix(tokens.shared, tokens.text if index % 2 else tokens.panel, 0.0 if not index else 0.22).name()

"""The total as a sum of its terms, written so that it fits: in one line, in two, or with the smaller terms put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.theme import signals, theme
from mtlstudio.ui.train.series import RunSeries, weighted_sum
from mtlstudio.ui.train.words import figure, weight_figure

_LINES = 1.9  # two lines, less what is lost where the first one breaks
_DOT = "■ "
_COMMON = 4


@dataclass(frozen=True)
class Equation:
    """`Total 0.125 = 0.15 × 0.013 + 0.85 × 0.212`: the newest losses as the curves show them.

    Attributes:
        total: what stands on the left.
        exact: the terms add up to it; else averaging hides a change of λ, or batches lacked targets of some task.
        terms: (task id, λ, loss).
        extra: what the balancing method adds.
    """

    total: float
    exact: bool
    terms: tuple[tuple[str, float, float], ...]
    extra: float

    @cached_property
    def common(self) -> str:
        """λ, where many tasks have the same."""
        weights = {weight_figure(weight) for _task, weight, _loss in self.terms}
        return weights.pop() if len(self.terms) >= _COMMON and len(weights) == 1 else ""

    def written(self, term: tuple[str, float, float]) -> str:
        """One term."""
        _task, weight, loss = term
        return figure(loss) if self.common else f"{weight_figure(weight)} × {figure(loss)}"

    def text(self) -> str:
        """All of it."""
        return self._joined([self.written(term) for term in self.terms])

    def short(self, count: int) -> list[tuple[str, str]]:
        """(task id, term) of the largest terms in their order, then, with "", what the others make together."""
        size = {term: abs(term[1] * term[2]) for term in self.terms}
        kept = set(sorted(self.terms, key=lambda term: size[term], reverse=True)[:count])
        parts = [(term[0], self.written(term)) for term in self.terms if term in kept]
        left = [term for term in self.terms if term not in kept]
        if left:
            value = sum(loss if self.common else weight * loss for _task, weight, loss in left)
            parts.append(("", tr("{n} more {sum}", n=len(left), sum=figure(value))))
        return parts

    def _joined(self, parts: Sequence[str]) -> str:
        head, tail = self.frame()
        return head + " + ".join(parts) + tail

    def frame(self) -> tuple[str, str]:
        """What stands before and after the terms."""
        head = f"{tr('Total')} {figure(self.total)} {'=' if self.exact else '≈'} "
        tail = f" {'+' if self.extra > 0 else '−'} {figure(abs(self.extra))}" if self.extra else ""
        return (f"{head}{self.common} × (", f"){tail}") if self.common else (head, tail)


def equation_of(series: RunSeries) -> Equation | None:
    """The newest figures of a run; None while there are none."""
    total, terms = series.current(), weighted_sum(series, series.spec.task_ids)
    if total is None or not terms or not series.weights:
        return None
    right = sum(weight * loss for _task, weight, loss in terms) + series.extra
    exact = abs(right - total) <= max(6e-4, 2e-3 * abs(total))
    return Equation(total, exact, tuple(terms), series.extra)


class EquationLabel(QLabel):
    """The equation with the tasks' colours. The tool tip has all of it.

    Args:
        wraps: takes a second line, and leaves the smallest terms together where two do not suffice.
    """

    def __init__(self, wraps: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wraps = wraps
        self._equation: Equation | None = None
        self._colours: dict[str, str] = {}
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setProperty("role", "dim")
        self.setWordWrap(wraps)
        side = Qt.AlignmentFlag.AlignLeft if wraps else Qt.AlignmentFlag.AlignRight
        self.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        signals.theme_changed.connect(self._write)

    def full_text(self) -> str:
        """All of it, plain."""
        return self._equation.text() if self._equation is not None else ""

    def length(self) -> int:
        """Pixels of all of it in one line."""
        marks = len(self._equation.terms) if self._equation is not None else 0
        return _width(self.fontMetrics(), self.full_text() + marks * _DOT)

    def show_equation(self, equation: Equation | None, colours: dict[str, str]) -> None:
        """Shows another one.

        Args:
            colours: task id -> its colour.
        """
        if equation != self._equation or colours != self._colours:
            self._equation, self._colours = equation, colours
            self.setAccessibleName(self.full_text())
            self.setToolTip(self.full_text())
            self._write()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """More or fewer terms fit."""
        super().resizeEvent(event)
        if self._wraps and event.size().width() != event.oldSize().width():
            self._write()

    def _write(self) -> None:
        equation = self._equation
        if equation is None:
            self.setText("")
            return
        count = self._fitting(equation) if self._wraps else len(equation.terms)
        head, tail = equation.frame()
        terms = [self._marked(task, words) for task, words in equation.short(count)]
        self.setText(_solid(head) + " + ".join(terms) + _solid(tail))

    def _fitting(self, equation: Equation) -> int:
        """How many terms there is room for; at least one."""
        metrics, room = self.fontMetrics(), _LINES * self.width()
        least, most = 1, len(equation.terms)
        while least < most:
            count = (least + most + 1) // 2
            if _width(metrics, self._plain(equation, count)) <= room:
                least = count
            else:
                most = count - 1
        return least

    @staticmethod
    def _plain(equation: Equation, count: int) -> str:
        head, tail = equation.frame()
        return head + " + ".join(_DOT + words for _task, words in equation.short(count)) + tail

    def _marked(self, task: str, words: str) -> str:
        if not task:
            return _solid(words)
        colour = theme().colour(self._colours.get(task, "shared")).name()
        return f'<span style="color:{colour}">■</span>&nbsp;{_solid(words)}'


def _solid(words: str) -> str:
    """Words that no line break parts."""
    kept = escape(words).replace(" ", "&nbsp;")
    return kept.removesuffix("&nbsp;") + " " if kept.endswith("&nbsp;") else kept


def _width(metrics: QFontMetrics, words: str) -> int:
    return metrics.horizontalAdvance(words)

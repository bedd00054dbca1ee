"""Lines of the side panel that can be clicked: a data set, a finding; and a task with its coverage."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks.registry import task_type
from mtlstudio.ui.data.noticed import Finding
from mtlstudio.ui.theme import theme
from mtlstudio.ui.widgets.bars import Bar
from mtlstudio.ui.widgets.common import label, paint_focus_ring, row
from mtlstudio.ui.widgets.dots import ColourDot
from mtlstudio.ui.widgets.icons import IconLabel
from mtlstudio.ui.widgets.titles import ElidedLabel

_ICONS = {Severity.ERROR: ("error", "bad"), Severity.WARNING: ("warning", "warning"), Severity.NOTE: ("info", "dim")}


class RowButton(QAbstractButton):
    """A button that holds widgets: lights up under the pointer, is lit when checked.

    Signals:
        clicked(bool), toggled(bool): as any button.
    """

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inside = QHBoxLayout(self)
        self.inside.setContentsMargins(8, 5, 8, 5)
        self.inside.setSpacing(9)
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def add(self, widget: QWidget, stretch: int = 0, top: bool = False) -> None:
        """Puts a widget into the row; clicks on it are clicks on the row."""
        widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.inside.addWidget(widget, stretch, Qt.AlignmentFlag.AlignTop if top else Qt.AlignmentFlag(0))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the ground and the focus ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = theme()
        if self.isChecked() or (self.underMouse() and self.focusPolicy() != Qt.FocusPolicy.NoFocus):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.colour("selection" if self.isChecked() else "card"))
            painter.drawRoundedRect(QRectF(self.rect()), 7, 7)
        paint_focus_ring(painter, self)


class DatasetRow(RowButton):
    """A data set: icon, name, number of pictures. Checked: the gallery shows only its pictures."""

    def __init__(self, name: str, count: int | None, icon: str, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.setToolTip(tip or name)
        self.add(IconLabel(icon, "dim" if count is None else "text", 16))
        self.add(ElidedLabel(name, "dim" if count is None else ""), 1)
        if count is not None:
            self.add(label(str(count), "dim"))


class FindingRow(RowButton):
    """A finding. It can be clicked where the gallery has something to show of it."""

    def __init__(self, finding: Finding, parent: QWidget | None = None) -> None:
        problem = finding.problem
        text = problem.text()
        text = text[:1].upper() + text[1:]
        super().__init__(text, parent)
        self.finding = finding
        self.inside.setContentsMargins(6, 4, 4, 4)
        name, colour = _ICONS[problem.severity]
        words = QLabel(text)
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        if problem.severity is Severity.NOTE:
            words.setProperty("role", "dim")
        self.add(IconLabel(name, colour, 15), top=True)
        self.add(words, 1)
        lines = [f"{problem.place}", problem.fix_text()]
        if finding.target is not None:
            lines.append(tr("Click to see it."))
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolTip("\n".join(line for line in lines if line))


class CoverageRow(QWidget):
    """A task: its colour and name, the share of pictures that have its target, its type."""

    def __init__(self, task: TaskSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._task = task
        self.share = label("", "dim")
        self.bar = Bar(0.0, task.colour, 6)
        self._kind = label(_type_name(task), "small")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 3)
        column.setSpacing(4)
        column.addLayout(row(ColourDot(task.colour), ElidedLabel(task.name), self.share, spacing=7))
        column.addWidget(self.bar)
        column.addWidget(self._kind)

    def show_coverage(self, has: Mapping[str, int], of: Mapping[str, int], split: str) -> None:
        """Shows the share in one split ("": in all).

        Args:
            has: split -> samples with a target. of: split -> samples.
        """
        splits = [split] if split else list(of)
        count, total = sum(has.get(name, 0) for name in splits), sum(of[name] for name in splits)
        share = count / total if total else 0.0
        percent = 100 * share
        few = 0 < percent < 1 or 99 < percent < 100
        self.share.setText(f"{percent:.1f} %" if few else f"{percent:.0f} %")
        self.bar.set_fraction(share)
        lines = [tr("{split}: {n} of {total} have one", split=name, n=has.get(name, 0), total=of[name]) for name in of]
        self.setToolTip("\n".join([self._task.name, *lines]))
        self.setAccessibleName(f"{self._task.name} {self.share.text()}")


def _type_name(task: TaskSpec) -> str:
    try:
        return tr(task_type(task.type).name).lower()
    except KeyError:
        return task.type

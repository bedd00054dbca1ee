"""A list of templates with stamps of their grids, in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.network.patterns import Template
from mtlstudio.ui.design.miniature import Miniature, miniature_pixmap
from mtlstudio.ui.design.painting.ink import LEFT, Ink
from mtlstudio.ui.theme import scaled, signals, theme

ID, TITLE, SUMMARY, WHY = (Qt.ItemDataRole.UserRole + n for n in range(4))


class TemplateList(QListWidget):
    """Templates under group titles.

    Signals:
        chosen(str): another one is the current one: its id.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("template-list")
        self.setAccessibleName(tr("Templates"))
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._delegate = _Delegate(self)
        self.setItemDelegate(self._delegate)
        self.currentItemChanged.connect(lambda _now, _before: self.chosen.emit(self.current()))
        signals.theme_changed.connect(self._delegate.forget)

    def fill(
        self, groups: Sequence[tuple[str, Sequence[Template]]], miniatures: Mapping[str, Miniature | None],
        lacking: Mapping[str, str],
    ) -> None:  # fmt: skip
        """Shows templates; what was the current one stays so where it is still there."""
        before = self.current()
        self.blockSignals(True)
        self.clear()
        self._delegate.miniatures = miniatures
        for name, templates in groups:
            if templates and name:
                head = QListWidgetItem(name)
                head.setFlags(Qt.ItemFlag.NoItemFlags)
                head.setData(TITLE, True)
                self.addItem(head)
            for item in templates:
                self._add(item, lacking.get(item.id, ""))
        if not self.count():
            nothing = QListWidgetItem(tr("Nothing found"))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            nothing.setData(TITLE, True)
            self.addItem(nothing)
        self.blockSignals(False)
        if not self.make_current(before):
            self.step(1)

    def ids(self) -> list[str]:
        """Ids of the templates shown, from top to bottom."""
        return [str(self.item(i).data(ID)) for i in range(self.count()) if self.item(i).data(ID)]

    def current(self) -> str:
        """Id of the current template; "" without one."""
        item = self.currentItem()
        return str(item.data(ID) or "") if item is not None else ""

    def make_current(self, template_id: str) -> bool:
        """Makes a template the current one. Returns whether it is there."""
        for row in range(self.count()):
            if template_id and self.item(row).data(ID) == template_id:
                self.setCurrentRow(row)
                return True
        return False

    def step(self, by: int) -> None:
        """Makes the next (1) or previous (−1) template the current one; the first that suits where there is none."""
        start = self.currentRow()
        rows = range(start + by, self.count() if by > 0 else -1, by)
        fitting = [row for row in rows if row >= 0 and self.item(row).data(ID)]
        if start < 0:
            fitting = [row for row in fitting if not self.item(row).data(WHY)] or fitting
        if fitting:
            self.setCurrentRow(fitting[0])

    def _add(self, template: Template, why: str) -> None:
        item = QListWidgetItem(tr(template.name))
        item.setData(ID, template.id)
        item.setData(SUMMARY, tr(template.summary))
        item.setData(WHY, why)
        item.setToolTip(why or tr(template.summary))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, tr(template.name))
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, why or tr(template.summary))
        self.addItem(item)


class _Delegate(QStyledItemDelegate):
    """Paints a stamp, a name and two lines of words."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.miniatures: Mapping[str, Miniature | None] = {}
        self._stamps: dict[tuple[str, int, int], tuple[Miniature, QPixmap]] = {}

    def forget(self) -> None:
        """The colours have changed."""
        self._stamps.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        """Titles are low."""
        return QSize(scaled(240), scaled(32 if index.data(TITLE) else 84))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paints a title or a template."""
        ink, area = Ink(()), QRectF(option.rect)  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = str(index.data(Qt.ItemDataRole.DisplayRole))
        if index.data(TITLE):
            ink.note.draw(painter, area.adjusted(6, 8, -4, 0), text.upper(), ink.colour("dim"), LEFT)
            painter.restore()
            return
        self._ground(painter, option, area, ink)
        painter.setOpacity(0.5 if index.data(WHY) else 1.0)
        wide = round(min(scaled(112), 0.36 * area.width()))
        picture = QSize(wide, round(0.59 * wide))
        at = area.topLeft() + QRectF(8, (area.height() - picture.height()) / 2, 0, 0).topLeft()
        stamp = self._stamp(str(index.data(ID)), picture, painter.device().devicePixelRatio())
        if stamp is not None:
            painter.drawPixmap(at, stamp)
        words = area.adjusted(picture.width() + 20, 0, -8, 0)
        why = str(index.data(WHY) or "")
        said = why or str(index.data(SUMMARY))
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        metrics = QFontMetricsF(ink.body.font)
        line = metrics.boundingRect(words, flags, said[:4]).height()  # Chinese lines are higher than the font says
        high = min(2 * line, metrics.boundingRect(words, flags, said).height())
        top = area.center().y() - (ink.title.height + high + 2) / 2
        title = QRectF(words.x(), top, words.width(), ink.title.height)
        ink.title.draw(painter, title, text, ink.colour("text"), LEFT)
        painter.setOpacity(1.0)
        painter.setFont(ink.body.font)
        painter.setPen(ink.colour("warning" if why else "dim"))
        below = QRectF(words.x(), title.bottom() + 2, words.width(), high)
        painter.setClipRect(below)
        painter.drawText(below, flags, said)
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, area: QRectF, ink: Ink) -> None:
        state = option.state  # type: ignore[attr-defined]
        if not state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            return
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.colour("selection") if selected else theme().colour("raised", 0.5))
        painter.drawRoundedRect(area.adjusted(2, 2, -2, -2), 8, 8)

    def _stamp(self, template_id: str, size: QSize, ratio: float) -> QPixmap | None:
        miniature = self.miniatures.get(template_id)
        if miniature is None:
            return None
        key = template_id, size.width(), round(100 * ratio)
        kept = self._stamps.get(key)
        if kept is None or kept[0] is not miniature:
            kept = self._stamps[key] = miniature, miniature_pixmap(miniature, size, ratio)
        return kept[1]

"""The first thing one sees: the sample in one click, templates, recent projects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from mtlstudio.base.texts import LANGUAGES, language, mark, ntr, tr
from mtlstudio.network.templates.registry import Template, templates
from mtlstudio.session.studio import Studio
from mtlstudio.ui.design.miniature import MiniatureView, miniature_of
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, label, paint_focus_ring
from mtlstudio.ui.widgets.icons import pixmap, set_icon
from mtlstudio.ui.widgets.titles import ElidedLabel, SectionTitle

COLUMNS = 4
FEATURED = ("shared", "unet", "cross_stitch", "separate")
THUMBNAIL = ".thumbnail.png"
WORDS = mark("Design, train and understand multi-task networks")


class Card(QFrame):
    """A surface that can be clicked, also with Enter or Space.

    Signals:
        clicked: it was.
    """

    clicked = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(name)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter and Space are clicks."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Adds the ring of the focus."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            paint_focus_ring(painter, self, 9.0)


class Welcome(QScrollArea):
    """Signals:
    template_chosen: id of a template to start from.
    project_chosen: a recent project's folder.
    language_chosen: code of a language.
    """

    template_chosen = Signal(str)
    project_chosen = Signal(object)
    language_chosen = Signal(str)

    def __init__(self, studio: Studio, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._studio, self._actions = studio, actions
        page = QWidget()
        page.setProperty("surface", "background")
        column = QVBoxLayout(page)
        column.setContentsMargins(scaled(100), scaled(52), scaled(100), scaled(32))
        column.setSpacing(scaled(14))
        column.addLayout(self._head())
        column.addSpacing(8)
        column.addLayout(self._starts())
        column.addSpacing(18)
        column.addWidget(self._networks_title())
        column.addLayout(self._grid([self._template_card(item) for item in featured()]))
        self._recent(column)
        column.addSpacing(18)
        column.addWidget(SectionTitle(tr("Learn")))
        column.addLayout(self._learn())
        column.addStretch(1)
        self.setWidget(page)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(14)
        logo = label()
        logo.setPixmap(pixmap("logo", 34, "text", self.devicePixelRatioF()))
        row.addWidget(logo)
        row.addWidget(label("MTL Studio", "display"))
        row.addWidget(label(tr(WORDS), "dim"), 0, Qt.AlignmentFlag.AlignBottom)
        row.addStretch(1)
        languages = button(LANGUAGES[language()], "language", small=True)
        languages.setObjectName("language")
        menu = QMenu(languages)
        for code, name in LANGUAGES.items():
            menu.addAction(name, partial(self.language_chosen.emit, code))
        languages.setMenu(menu)
        row.addWidget(languages)
        return row

    def _starts(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        sample = button(tr("Try the sample scenes — trains in a minute"), "play", accent=True)
        sample.setObjectName("try-sample")
        sample.clicked.connect(lambda: self._actions.trigger("project.sample"))
        mine = button(tr("New from my images…"), "plus")
        mine.clicked.connect(lambda: self._actions.trigger("project.new"))
        existing = button(tr("Open project…"), "folder-open")
        existing.clicked.connect(lambda: self._actions.trigger("project.open"))
        for widget in (sample, mine, existing):
            widget.setMinimumHeight(scaled(38))
            row.addWidget(widget)
        row.addWidget(label(tr("or drop a folder anywhere"), "dim"))
        row.addStretch(1)
        return row

    def _grid(self, cards: list[Card]) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(14)
        for number, card in enumerate(cards):
            grid.addWidget(card, number // COLUMNS, number % COLUMNS)
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
        return grid

    def _networks_title(self) -> SectionTitle:
        title = SectionTitle(tr("Start from a network"))
        all_of_them = button(ntr("{n} template…", "All {n} templates…", len(templates())), quiet=True, small=True)
        all_of_them.setObjectName("all-templates")
        all_of_them.clicked.connect(self._choose_template)
        title.add_widget(all_of_them)
        return title

    def _choose_template(self) -> None:
        from mtlstudio.ui.design.template_dialog import TemplateDialog  # not needed for the first paint

        dialog = TemplateDialog(self.window(), None, self._studio.engine.is_ready)
        if dialog.exec():
            self.template_chosen.emit(dialog.chosen)
        dialog.deleteLater()

    def _template_card(self, item: Template) -> Card:
        card = Card(tr(item.name))
        card.setObjectName(f"template-{item.id}")
        card.setToolTip(item.source)
        column = QVBoxLayout(card)
        column.setContentsMargins(12, 12, 12, 12)
        picture = MiniatureView()
        QTimer.singleShot(0, picture, lambda: picture.show_miniature(miniature_of(item)))  # after the first paint
        column.addWidget(picture)
        column.addWidget(label(tr(item.name), "title", wrap=True))
        column.addWidget(label(tr(item.summary), "dim", wrap=True))
        column.addStretch(1)
        card.clicked.connect(lambda: self.template_chosen.emit(item.id))
        return card

    def _recent(self, column: QVBoxLayout) -> None:
        folders = [Path(path) for path in self._studio.settings.recent_projects]
        folders = [folder for folder in folders if folder.is_dir()][: 2 * COLUMNS]
        if not folders:
            return
        column.addSpacing(18)
        column.addWidget(SectionTitle(tr("Recent")))
        column.addLayout(self._grid([self._recent_card(folder) for folder in folders]))

    def _recent_card(self, folder: Path) -> Card:
        card = Card(folder.name)
        card.setObjectName("recent")
        card.setToolTip(str(folder))
        row = QHBoxLayout(card)
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(12)
        picture = label()
        picture.setPixmap(_project_picture(folder, self.devicePixelRatioF()))
        row.addWidget(picture)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(ElidedLabel(folder.name, "title"))
        column.addWidget(ElidedLabel(str(folder.parent), "small"))
        column.addStretch(1)
        row.addLayout(column, 1)
        card.clicked.connect(lambda: self.project_chosen.emit(folder))
        return card

    def _learn(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(20)
        links: tuple[tuple[str, str, Callable[[], None]], ...] = (
            ("keyboard", tr("Key map"), lambda: self._actions.trigger("help.keys")),
            ("search", tr("Search commands"), lambda: self._actions.trigger("view.palette")),
            ("info", tr("About MTL Studio"), lambda: self._actions.trigger("help.about")),
        )
        for name, text, do in links:
            link = button(text, quiet=True)
            set_icon(link, name, "dim", 16)
            link.clicked.connect(do)
            row.addWidget(link)
        row.addStretch(1)
        return row


def featured() -> list[Template]:
    """The templates on the welcome page: one of each kind, filled up with the next ones."""
    known = {item.id: item for item in templates()}
    first = [known[template_id] for template_id in FEATURED if template_id in known]
    return (first + [item for item in known.values() if item not in first])[:COLUMNS]


def _project_picture(folder: Path, ratio: float) -> QPixmap:
    """The project's own thumbnail, where one was kept, else an icon."""
    kept = QPixmap(str(folder / THUMBNAIL))
    side = scaled(48)
    if kept.isNull():
        return pixmap("design", side, "dim", ratio)
    kept = kept.scaled(
        round(side * ratio), round(side * ratio), Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )  # fmt: skip
    kept.setDevicePixelRatio(ratio)
    return kept

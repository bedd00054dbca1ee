"""One sample as training will see it, twelve times, with its targets turned along."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.document import Document
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.ui.data.augmented import variants
from mtlstudio.ui.data.records import Record, Table
from mtlstudio.ui.data.settings_panel import AugmentationForm
from mtlstudio.ui.data.thumbnails import if_alive
from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.widgets.common import button, column, dialog_buttons, label, repaint_on_theme, row
from mtlstudio.ui.widgets.feedback import Spinner
from mtlstudio.ui.widgets.gallery_parts import thumbnail
from mtlstudio.ui.widgets.titles import ElidedLabel

COUNT, ACROSS = 12, 4
SIDE = 320
_KEY = "augmented"


class Sheet(QWidget):
    """Pictures in rows of four, as large as there is room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.images: tuple[QImage, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        repaint_on_theme(self)

    def set_images(self, images: Sequence[QImage]) -> None:
        """Shows other pictures."""
        self.images = tuple(images)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for four across."""
        return QSize(scaled(680), scaled(508))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """May be small."""
        return QSize(scaled(260), scaled(200))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the pictures, or the places where they will be."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap, down = 8, -(-COUNT // ACROSS)
        edge = min((self.width() - gap * (ACROSS - 1)) // ACROSS, (self.height() - gap * (down - 1)) // down)
        for place in range(COUNT):
            x, y = (place % ACROSS) * (edge + gap), (place // ACROSS) * (edge + gap)
            if place < len(self.images):
                painter.drawPixmap(x, y, thumbnail(self.images[place], edge, self.devicePixelRatioF()))
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().colour("card"))
                painter.drawRoundedRect(x, y, edge, edge, 6, 6)


class AugmentDialog(QDialog):
    """Shows what the changes of the project do to a sample; they can be turned here and are undoable."""

    def __init__(
        self, document: Document, jobs: Jobs, table: Table, record: Record, drawn: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setObjectName("augmentation")
        self.setWindowTitle(tr("Augmentation"))
        self._document, self._jobs, self._table, self._record = document, jobs, table, record
        self._drawn, self._draw = tuple(drawn), 0
        self._pending = False
        self.sheet, self.form, self.spinner = Sheet(), AugmentationForm(document), Spinner()
        self.message = label("", "dim", wrap=True)
        self.again = button(tr("Draw again"), "refresh")
        self.again.setObjectName("draw-again")
        self.again.clicked.connect(self._draw_again)
        self._lay_out()
        self.resize(scaled(960), scaled(600))
        document.changed.connect(self._follow)
        self._make()

    @property
    def busy(self) -> bool:
        """The pictures are being made."""
        return self._pending

    def _lay_out(self) -> None:
        closing = dialog_buttons(QDialogButtonBox.StandardButton.Close)
        closing.rejected.connect(self.reject)
        side = QWidget()
        side.setFixedWidth(scaled(230))
        title = ElidedLabel(self._record.item.key, "title")
        words = label(tr("As training sees it; the targets are turned along."), "dim", wrap=True)
        side.setLayout(column(title, words, self.form, row(self.again, self.spinner, 1), self.message, 1, spacing=10))
        page = QVBoxLayout(self)
        page.setContentsMargins(16, 16, 16, 14)
        page.setSpacing(12)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addWidget(self.sheet, 1)
        middle.addWidget(side)
        page.addLayout(middle, 1)
        page.addWidget(closing)

    def _follow(self, before: ProjectSpec, after: ProjectSpec) -> None:
        if before.data != after.data:
            self._make()

    def _draw_again(self) -> None:
        self._draw += 1
        self._make()

    def _make(self) -> None:
        table, record, settings = self._table, self._record, self._document.spec.data
        drawn, draw = self._drawn, self._draw

        def work(token: Token) -> list[QImage]:
            token.check()
            return variants(table.data, record.item, table.tasks, drawn, settings, count=COUNT, draw=draw, side=SIDE)

        self._pending = True
        self.spinner.start()
        self._jobs.submit(work, if_alive(self, self._show), if_alive(self, self._fail), _KEY)

    def _show(self, images: list[QImage]) -> None:
        self._stop()
        self.message.setText("")
        self.sheet.set_images(images)

    def _fail(self, error: StudioError) -> None:
        self._stop()
        self.message.setText(error.text())

    def _stop(self) -> None:
        self._pending = False
        self.spinner.stop()

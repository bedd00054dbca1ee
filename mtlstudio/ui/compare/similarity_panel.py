"""Similarity of features: a layer × task pair table of CKA, measured on demand."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import ntr, tr
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.session.training import TrainingSession
from mtlstudio.studies.folder import StudyFolder
from mtlstudio.studies.likeness import Likeness, likeness
from mtlstudio.ui.compare.wrapped import WrappedLabel
from mtlstudio.ui.theme import font, mix, scaled, theme
from mtlstudio.ui.widgets.common import button, repaint_on_theme, row

_ROW, _COLUMN, _NAMES, _HEAD = 22, 62, 120, 40


class SimilarityTable(QWidget):
    """Cells tinted by CKA: the stronger, the more alike."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("similarity-table")
        self.found: Likeness | None = None
        self._names: dict[str, str] = {}
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        repaint_on_theme(self)

    def show_likeness(self, found: Likeness | None, names: dict[str, str]) -> None:
        """Shows other figures; `names`: task id -> name."""
        self.found, self._names = found, names
        if found is not None:
            self.setMinimumSize(
                scaled(_NAMES + _COLUMN * len(found.columns)), scaled(_HEAD + _ROW * len(found.layers))
            )  # fmt: skip
        self.update()

    def column_words(self, number: int) -> tuple[str, str]:
        """The two that a column compares."""
        assert self.found is not None
        first, second = self.found.columns[number]
        return (self._names.get(first, first) if first else tr("shared")), self._names.get(second, second)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for all of it."""
        return self.minimumSize().expandedTo(QSize(scaled(300), scaled(160)))

    def mouseMoveEvent(self, event: object) -> None:  # noqa: N802
        """Layer, pair and figure under the pointer."""
        at = event.position()  # type: ignore[attr-defined]
        words = self.words_at(at)
        QToolTip.showText(event.globalPosition().toPoint(), words, self)  # type: ignore[attr-defined]

    def words_at(self, at: QPointF) -> str:
        """What a place says."""
        found = self.found
        place = (int((at.y() - scaled(_HEAD)) // scaled(_ROW)), int((at.x() - scaled(_NAMES)) // self._wide()))
        if found is None or not (0 <= place[0] < len(found.layers) and 0 <= place[1] < len(found.columns)):
            return ""
        layer, name = found.layers[place[0]]
        value = found.values.get((layer, place[1]))
        first, second = self.column_words(place[1])
        return f"{name}: {first} · {second} {'—' if value is None else f'{value:.2f}'}"

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Names, then cells."""
        found = self.found
        if found is None:
            return
        painter = QPainter(self)
        painter.setFont(font(11))
        tokens, wide, high = theme(), self._wide(), scaled(_ROW)
        line = painter.fontMetrics().height()
        for number in range(len(found.columns)):
            left = scaled(_NAMES) + number * wide
            for place, words in enumerate(self.column_words(number)):
                painter.setPen(tokens.colour("dim"))
                cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(wide) - 4)
                painter.drawText(QRectF(left, 2 + place * line, wide, line), Qt.AlignmentFlag.AlignCenter, cut)
        for number, (layer, name) in enumerate(found.layers):
            top = scaled(_HEAD) + number * high
            painter.setPen(tokens.colour("text"))
            cut = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, scaled(_NAMES) - 8)
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(QRectF(0, top, scaled(_NAMES) - 6, high), middle, cut)
            for column in range(len(found.columns)):
                self._paint_cell(painter, QRectF(scaled(_NAMES) + column * wide, top, wide, high), layer, column)

    def _paint_cell(self, painter: QPainter, area: QRectF, layer: str, column: int) -> None:
        assert self.found is not None
        tokens, value = theme(), self.found.values.get((layer, column))
        inside = area.adjusted(1, 1, -1, -1)
        painter.setPen(QPen(tokens.colour("line", 0.5), 1))
        if value is not None:
            share = min(1.0, max(0.0, value))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mix(tokens.card, tokens.accent, 0.06 + 0.5 * share))
            painter.drawRoundedRect(inside, 3, 3)
        painter.setPen(tokens.colour("text" if value is not None else "dim"))
        painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, "—" if value is None else f"{value:.2f}")

    def _wide(self) -> float:
        count = len(self.found.columns) if self.found is not None else 1
        return max(float(scaled(_COLUMN)), min((self.width() - scaled(_NAMES)) / max(1, count), float(scaled(110))))


class SimilarityPanel(QWidget):
    """Measures on demand: not while something trains.

    Signals:
        said(str, str): text and kind, for the user.
    """

    said = Signal(str, str)

    def __init__(self, training: TrainingSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._training = training
        self._jobs = Jobs(1, self)
        self._study: StudyFolder | None = None
        self._known: dict[str, Likeness] = {}
        self.table = SimilarityTable()
        self.words = WrappedLabel("dim")
        self.measure = button(tr("Measure"), "heatmap", small=True)
        self.measure.setObjectName("measure-similarity")
        self.measure.clicked.connect(self._measure)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.table)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(6)
        head = row(self.words, self.measure)
        head.setStretch(0, 1)
        page.addLayout(head)
        page.addWidget(scroll, 1)
        self.show_study(None)

    def show_study(self, study: StudyFolder | None) -> None:
        """The study of baselines whose runs are compared."""
        self._study = study
        self.measure.setEnabled(study is not None)
        found = self._known.get(study.id) if study is not None else None
        self._show(found)

    def settled(self) -> bool:
        """Nothing is measured."""
        return not self._jobs.busy

    def _measure(self) -> None:
        study = self._study
        if study is None:
            return
        if self._training.is_training or self._training.occupied():
            self.said.emit(tr("Something trains: measure when it has ended."), "info")
            return
        self.measure.setEnabled(False)
        self.words.setText(tr("Measuring how alike the features are …"))

        def work(token: Token) -> Likeness:
            return likeness(study, cancelled=token)

        self._jobs.submit(work, lambda found: self._measured(study, found), self._failed, key="similarity")

    def _measured(self, study: StudyFolder, found: Likeness) -> None:
        self._known[study.id] = found
        if self._study is not None and self._study.id == study.id:
            self.show_study(study)

    def _failed(self, error: StudioError) -> None:
        self.measure.setEnabled(True)
        self.words.setText(error.text())

    def _show(self, found: Likeness | None) -> None:
        names = {task.id: task.name for task in self._study.study().project.tasks} if self._study is not None else {}
        self.table.show_likeness(found, names)
        self.table.setVisible(found is not None)
        if found is None:
            none = tr("Run baselines first: the features of tasks that were trained alone are compared.")
            wanted = tr("How alike are the features that two tasks make, each trained alone, layer by layer (CKA)?")
            self.words.setText(none if self._study is None else wanted)
            return
        self.words.setText(
            ntr("CKA on {n} picture, seed {seed}: 1 is alike, 0 has nothing in common. Layers that are alike can be shared.",
                "CKA on {n} pictures, seed {seed}: 1 is alike, 0 has nothing in common. Layers that are alike can be shared.",
                found.pictures, seed=found.seed)
        )  # fmt: skip

"""One sample large, with its truth: wheel zooms, A and D go to the next one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.ui.data.records import Record, Table
from mtlstudio.ui.data.thumbnails import if_alive
from mtlstudio.ui.inspect.entries import Looked, look, of_item
from mtlstudio.ui.inspect.sidebar import LayerRow, RowList
from mtlstudio.ui.painting import overlay, shapes
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, label
from mtlstudio.ui.widgets.image_view import ImageView
from mtlstudio.ui.widgets.qimages import rgb_image
from mtlstudio.ui.widgets.titles import ElidedLabel, SectionTitle

OPACITY = 0.55
_KEY = "viewer"


class SampleViewer(QDialog):
    """The samples that the gallery shows, one at a time.

    Signals:
        moved: the key of the sample shown.
        inspect_wanted: the sample's file (a Path) is to be opened in Inspect.
    """

    moved = Signal(str)
    inspect_wanted = Signal(object)

    def __init__(
        self, jobs: Jobs, table: Table, records: Sequence[Record], key: str, drawn: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setObjectName("sample-viewer")
        self.setWindowTitle(tr("Sample"))
        self._jobs, self._table, self._records = jobs, table, tuple(records)
        self._place = next((place for place, record in enumerate(self._records) if record.key == key), 0)
        self._visible = {task: not drawn or task in drawn for task in table.tasks}
        self.looked: Looked | None = None
        self.view = ImageView(tr("Sample"))
        self.view.set_opacity(OPACITY)
        self.title, self.size_words = ElidedLabel("", "title"), label("", "dim")
        self.message = label("", "bad", wrap=True)
        self.message.hide()
        self.layers: dict[str, LayerRow] = {}
        self._rows: dict[str, RowList] = {}
        self.inspect = button(tr("Open in Inspect"), "inspect")
        self.inspect.clicked.connect(self._inspect)
        self._lay_out()
        for text, by in (("D", 1), ("Right", 1), ("A", -1), ("Left", -1)):
            QShortcut(QKeySequence(text), self).activated.connect(partial(self.step, by))
        self.resize(scaled(1040), scaled(680))
        self.view.setFocus()
        self._show_current()

    @property
    def record(self) -> Record:
        """The sample shown."""
        return self._records[self._place]

    def step(self, by: int) -> None:
        """Goes to a later or earlier sample."""
        place = max(0, min(len(self._records) - 1, self._place + by))
        if place != self._place:
            self._place = place
            self._show_current()
            self.moved.emit(self.record.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """1 … 9 toggle the tasks' layers."""
        number = event.key() - Qt.Key.Key_0
        rows = list(self.layers.values())
        if 0 < number <= min(9, len(rows)) and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            rows[number - 1].eye.toggle()
        else:
            super().keyPressEvent(event)

    # --- building ---------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        previous, following = button("", "chevron-left"), button("", "chevron-right")
        for made, words, by in ((previous, tr("Previous picture (A)"), -1), (following, tr("Next picture (D)"), 1)):
            made.setToolTip(words)
            made.setAccessibleName(words)
            made.clicked.connect(lambda _checked=False, by=by: self.step(by))
        self.previous, self.following = previous, following
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.title, 1)
        head.addWidget(self.size_words)
        head.addWidget(self.inspect)
        head.addWidget(previous)
        head.addWidget(following)
        frame = QFrame()
        frame.setProperty("surface", "card")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(6, 6, 6, 6)
        inside.addWidget(self.view, 1)
        inside.addWidget(self.message)
        middle = QHBoxLayout()
        middle.setSpacing(14)
        middle.addWidget(frame, 1)
        middle.addWidget(self._side())
        page = QVBoxLayout(self)
        page.setContentsMargins(14, 12, 14, 14)
        page.setSpacing(10)
        page.addLayout(head)
        page.addLayout(middle, 1)

    def _side(self) -> QScrollArea:
        body = QWidget()
        lines = QVBoxLayout(body)
        lines.setContentsMargins(0, 0, 8, 0)
        lines.setSpacing(4)
        lines.addWidget(SectionTitle(tr("Layers")))
        for number, task_id in enumerate(self._table.painted, 1):
            task = self._table.tasks[task_id]
            made = LayerRow(task.spec.name, task.spec.colour, number)
            made.setObjectName(f"layer-{task_id}")
            made.eye.setChecked(self._visible[task_id])
            made.toggled.connect(lambda on, task_id=task_id: self._toggle(task_id, on))
            self.layers[task_id] = made
            lines.addWidget(made)
        for task_id, task in self._table.tasks.items():
            self._rows[task_id] = RowList(task)
            lines.addSpacing(6)
            lines.addWidget(self._rows[task_id])
        lines.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(scaled(250))
        scroll.setWidget(body)
        return scroll

    # --- showing ----------------------------------------------------------------------------------------------

    def _toggle(self, task_id: str, shown: bool) -> None:
        self._visible[task_id] = shown
        self.view.set_overlay_visible(task_id, shown)

    def _show_current(self) -> None:
        record, table = self.record, self._table
        self.title.set_text(tr("{name} · {place} of {count}", name=record.item.key, place=self._place + 1,
                               count=len(self._records)))  # fmt: skip
        self.previous.setEnabled(self._place > 0)
        self.following.setEnabled(self._place < len(self._records) - 1)
        self.inspect.setVisible(record.item.sample.path is not None)
        entry, settings = of_item(table.data, record.item), table.spec.data

        def work(token: Token) -> Looked:
            token.check()
            return look(entry, dict(table.tasks), settings.image_size, settings.resize)

        self._jobs.submit(work, if_alive(self, self._show), if_alive(self, self._fail), _KEY)

    def _show(self, looked: Looked) -> None:
        self.looked = looked
        height, width = looked.image.shape[:2]
        self.message.hide()
        self.size_words.setText(f"{self.record.item.split} · {width} × {height} px")
        self.view.clear_overlays()
        self.view.set_image(rgb_image(np.ascontiguousarray(looked.image)), keep_view=False)
        for task_id, task in self._table.tasks.items():
            truth = looked.truths.get(task_id)
            painting = task.paint(truth) if truth is not None else None
            self.view.set_overlay(task_id, overlay(painting), visible=self._visible[task_id])
            self.view.set_shapes(task_id, shapes(painting, task.spec.colour))
            self.view.set_overlay_visible(task_id, self._visible[task_id])
            self._rows[task_id].show_prediction(truth, None)
            self._rows[task_id].setVisible(truth is not None)

    def _fail(self, error: StudioError) -> None:
        self.looked = None
        self.view.clear_overlays()
        self.view.set_image(None)
        self.size_words.setText(self.record.item.split)
        self.message.setText(error.text())
        self.message.show()
        for rows in self._rows.values():
            rows.hide()

    def _inspect(self) -> None:
        path = self.record.item.sample.path
        if path is not None:
            self.inspect_wanted.emit(Path(path))
            self.accept()

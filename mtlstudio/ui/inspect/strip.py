"""The strip of pictures to look at: a split of the project's data, or the files that were opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.ui.inspect.entries import Entry, look
from mtlstudio.ui.painting import composed
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.gallery import Gallery
from mtlstudio.ui.widgets.gallery_parts import GalleryItem
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl

THUMB = 92
FILES = "files"


class Strip(QWidget):
    """Signals:
    chosen: an Entry.
    split_chosen: train, val, test or files.
    """

    chosen = Signal(object)
    split_chosen = Signal(str)

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._entries: dict[str, Entry] = {}
        self._tasks: dict[str, BoundTask] = {}
        self.splits = SegmentedControl((), small=True, name=tr("Pictures"))
        self.splits.changed.connect(self.split_chosen)
        self._count = label("", "dim")
        self.gallery = Gallery(thumb_size=THUMB, strip=True, multiple=False, name=tr("Pictures"))
        self.gallery.setObjectName("inspect-strip")
        bar = self.gallery.horizontalScrollBar().sizeHint().height()
        self.gallery.setFixedHeight(self.gallery.sizeHint().height() + bar + scaled(8))
        self.gallery.thumbnail_needed.connect(self._make)
        self.gallery.current_changed.connect(self._choose)
        head = QHBoxLayout()
        head.addWidget(self.splits)
        head.addStretch(1)
        head.addWidget(self._count)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.gallery)

    def set_splits(self, counts: Mapping[str, int], current: str) -> None:
        """Which sets of pictures there are."""
        names = {"train": tr("Train"), "val": tr("Validation"), "test": tr("Test"), FILES: tr("Opened")}
        items = [Segment(split, f"{names[split]} {count}") for split, count in counts.items() if count]
        self.splits.set_items(items)
        self.splits.set_current(current)

    def set_entries(self, entries: Sequence[Entry], tasks: Mapping[str, BoundTask]) -> None:
        """Replaces the pictures and goes to the first one."""
        self._entries = {entry.key: entry for entry in entries}
        self._tasks = dict(tasks)
        self.gallery.set_items([GalleryItem(entry.key, (("", entry.title),), entry.title) for entry in entries])
        self._count.setText(ntr("{n} picture · A / D to browse", "{n} pictures · A / D to browse", len(entries)))

    def go(self, key: str) -> None:
        """Goes to a picture and tells so."""
        self.gallery.set_current(key)
        self._choose(key)

    def step(self, by: int) -> None:
        """The next or an earlier picture."""
        self.gallery.step(by)

    def _choose(self, key: str) -> None:
        if key in self._entries:
            self.chosen.emit(self._entries[key])

    def _make(self, key: str) -> None:
        entry, tasks = self._entries.get(key), self._tasks
        if entry is None:
            return

        def work(token: Token) -> QImage:
            token.check()
            looked = look(entry, tasks, 64, "stretch")
            paintings = [(tasks[task].paint(looked.truths[task]), tasks[task].spec.colour) for task in tasks
                         if task in looked.truths]  # fmt: skip
            first = [(painting, colour) for painting, colour in paintings if painting is not None][:1]
            return composed(looked.image, first, THUMB * 2, 0.45)

        self._jobs.submit(
            work,
            lambda image: self.gallery.set_thumbnail(key, image),
            lambda _error: self.gallery.set_thumbnail(key, QImage()),
        )

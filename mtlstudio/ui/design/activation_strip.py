"""Above the grid while activations are shown: which sample, which weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, set_property
from mtlstudio.ui.widgets.feedback import Spinner
from mtlstudio.ui.widgets.qimages import rgb_image
from mtlstudio.ui.widgets.titles import ElidedLabel

SIDE = 44


class ActivationStrip(QFrame):
    """The chosen sample's picture, buttons to the one before and after, the weights in words.

    Signals:
        stepped(int): the next (1) or previous (−1) sample is wanted.
        closed(): no activations any more.
    """

    stepped = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("activation-strip")
        self.setProperty("surface", "panel")
        self.setAccessibleName(tr("Activations"))
        self.picture = QLabel()
        self.picture.setFixedSize(scaled(SIDE), scaled(SIDE))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.previous = self._button("chevron-left", tr("Previous sample"), "activation-previous")
        self.next = self._button("chevron-right", tr("Next sample"), "activation-next")
        self.previous.clicked.connect(lambda: self.stepped.emit(-1))
        self.next.clicked.connect(lambda: self.stepped.emit(1))
        self.place = ElidedLabel(role="title")
        self.words = ElidedLabel(role="dim")
        self.spinner = Spinner(15)
        close = self._button("close", tr("Close"), "activation-close")
        close.clicked.connect(self.closed)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addStretch(1)
        texts.addWidget(self.place)
        texts.addWidget(self.words)
        texts.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 8, 5)
        row.setSpacing(6)
        for thing in (self.previous, self.picture, self.next):
            row.addWidget(thing)
        row.addSpacing(4)
        row.addLayout(texts, 1)
        row.addWidget(self.spinner)
        row.addWidget(close)
        self.hide()

    def show_place(self, title: str, split: str, number: int, count: int) -> None:
        """Which sample is chosen; `number` counts from 1 within its split."""
        names = {"train": tr("Train"), "val": tr("Validation"), "test": tr("Test")}
        self.place.set_text(
            tr("{split} {number} of {count} · {title}", split=names.get(split, split), number=number, count=count,
               title=title)
        )  # fmt: skip

    def show_picture(self, image: NDArray[np.uint8]) -> None:
        """The sample's picture."""
        ratio = self.devicePixelRatioF()
        size = QSize(scaled(SIDE), scaled(SIDE)) * ratio
        pixmap = QPixmap.fromImage(rgb_image(image)).scaled(
            size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        pixmap.setDevicePixelRatio(ratio)
        self.picture.setPixmap(pixmap)

    def show_words(self, text: str, bad: bool = False) -> None:
        """Which weights, or why there is nothing to see."""
        set_property(self.words, "role", "warning" if bad else "dim")
        self.words.set_text(text)
        self.words.setToolTip(text)

    def show_busy(self, busy: bool) -> None:
        """Something is being worked out."""
        if busy:
            self.spinner.start()
        else:
            self.spinner.stop()

    def _button(self, icon: str, text: str, name: str) -> QPushButton:
        made = button("", icon, quiet=True, small=True)
        made.setObjectName(name)
        made.setToolTip(text)
        made.setAccessibleName(text)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return made

"""What the window says while it works, when something is done, and where there is nothing yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.theme import scaled, signals, theme
from mtlstudio.ui.widgets.common import button, label, repaint_on_theme
from mtlstudio.ui.widgets.icons import IconLabel, pixmap, set_icon

ToastTone = Literal["info", "good", "warning", "bad"]


class Spinner(QWidget):
    """A turning arc; it costs nothing while it is hidden or stopped."""

    def __init__(self, size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size, self._turn, self._running = size, 0, False
        self._timer = QTimer(self)
        self._timer.setInterval(50)
        self._timer.timeout.connect(self._advance)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Working"))
        repaint_on_theme(self)

    def is_running(self) -> bool:
        """Whether it turns."""
        return self._running

    def start(self) -> None:
        """Turns from now on."""
        self._set_running(True)

    def stop(self) -> None:
        """Stands still and is not painted."""
        self._set_running(False)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Keeps its room also when stopped."""
        return QSize(scaled(self._size), scaled(self._size))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the arc."""
        if not self._running:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide = max(1.5, scaled(self._size) / 8)
        size = scaled(self._size) - wide - 1
        area = QRectF((self.width() - size) / 2, (self.height() - size) / 2, size, size)
        painter.setPen(QPen(theme().colour("track"), wide))
        painter.drawEllipse(area)
        painter.setPen(QPen(theme().colour("accent"), wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawArc(area, -self._turn * 16, 100 * 16)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Turns only while it can be seen."""
        self._set_running(self._running)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Turns only while it can be seen."""
        self._timer.stop()

    def _set_running(self, running: bool) -> None:
        self._running = running
        if running and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()
        self.update()

    def _advance(self) -> None:
        self._turn = (self._turn + 18) % 360
        self.update()


class Toast(QFrame):
    """A message at the bottom of the window that goes by itself, with one thing to do about it.

    Signals:
        triggered(): the button was pressed.
        closed(): it has gone, by time, button or cross.
    """

    triggered = Signal()
    closed = Signal()

    def __init__(
        self, text: str, action: str = "", *, tone: ToastTone = "info", timeout: int = 6000,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setProperty("surface", "raised")
        self.setProperty("tone", {"info": "", "good": "", "warning": "warning", "bad": "bad"}[tone])
        self.setAccessibleName(text)
        self._words = label(text, wrap=True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        wide = self._words.fontMetrics().horizontalAdvance(text) + 8
        self._words.setFixedWidth(min(scaled(460), wide))
        cross = QToolButton()
        names = {
            "info": ("info", "dim"),
            "good": ("check", "good"),
            "warning": ("warning",) * 2,
            "bad": ("error", "bad"),
        }
        sign = IconLabel(*names[tone])
        set_icon(cross, "close", "dim", 14)
        cross.setAccessibleName(tr("Close"))
        cross.setToolTip(tr("Close"))
        cross.clicked.connect(self.close_now)
        inside = QHBoxLayout(self)
        inside.setContentsMargins(12, 7, 7, 7)
        inside.setSpacing(9)
        inside.addWidget(sign)
        inside.addWidget(self._words, 1)
        if action:
            self._button = button(action, small=True)
            self._button.clicked.connect(self._trigger)
            inside.addWidget(self._button)
        inside.addWidget(cross)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.close_now)
        self._timeout = timeout

    def text(self) -> str:
        """What it says."""
        return self._words.text()

    def start(self) -> None:
        """Begins to count the time; 0 stays until it is closed."""
        if self._timeout > 0:
            self._timer.start(self._timeout)

    def close_now(self) -> None:
        """Goes away."""
        self._timer.stop()
        self.hide()
        self.closed.emit()
        self.deleteLater()

    def enterEvent(self, event: object) -> None:  # noqa: N802
        """Waits while somebody reads."""
        self._timer.stop()

    def leaveEvent(self, event: object) -> None:  # noqa: N802
        """Counts again."""
        self.start()

    def _trigger(self) -> None:
        self.triggered.emit()
        self.close_now()


class Toaster(QObject):
    """Stacks the toasts of one window above its lower edge; at most three."""

    def __init__(self, window: QWidget, margin: int = 44) -> None:
        super().__init__(window)
        self._window, self._margin = window, margin
        self._toasts: list[Toast] = []
        window.installEventFilter(self)

    def show(
        self, text: str, action: str = "", do: Callable[[], None] | None = None, *,
        tone: ToastTone = "info", timeout: int = 6000,
    ) -> Toast:  # fmt: skip
        """Shows a message.

        Args:
            text: what to say, translated.
            action: the button's word ("Undo"), if any.
            do: what the button does.
            tone: its kind.
            timeout: milliseconds until it goes; 0: stays.
        """
        while len(self._toasts) >= 3:
            self._toasts[0].close_now()
        toast = Toast(text, action, tone=tone, timeout=timeout, parent=self._window)
        if do is not None:
            toast.triggered.connect(do)
        toast.closed.connect(lambda: self._forget(toast))
        self._toasts.append(toast)
        self._place()
        toast.show()
        toast.raise_()
        toast.start()
        return toast

    def toasts(self) -> list[Toast]:
        """Those on show, oldest first."""
        return list(self._toasts)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Keeps them in place when the window changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _forget(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            self._place()

    def _place(self) -> None:
        bottom = self._window.height() - self._margin
        for toast in reversed(self._toasts):
            size = toast.sizeHint().boundedTo(QSize(max(120, self._window.width() - 32), 1 << 16))
            toast.setGeometry((self._window.width() - size.width()) // 2, bottom - size.height(), *size.toTuple())
            bottom -= size.height() + 8


def show_toast(
    widget: QWidget, text: str, action: str = "", do: Callable[[], None] | None = None, *,
    tone: ToastTone = "info", timeout: int = 6000,
) -> Toast:  # fmt: skip
    """Shows a message in the window that a widget belongs to; see `Toaster.show`."""
    window = widget.window()
    toaster = window.findChild(Toaster, options=Qt.FindChildOption.FindDirectChildrenOnly) or Toaster(window)
    return toaster.show(text, action, do, tone=tone, timeout=timeout)


class EmptyState(QWidget):
    """Where there is nothing yet: a picture, a sentence, what to do about it.

    Signals:
        triggered(): the button was pressed.
    """

    triggered = Signal()

    def __init__(
        self, icon: str = "", text: str = "", action: str = "", detail: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon_name = icon
        self._picture = QLabel()
        self._text, self._detail = label(role="title", wrap=True), label(role="dim", wrap=True)
        self._button = button("", accent=True)
        self._button.clicked.connect(self.triggered)
        inside = QVBoxLayout(self)
        inside.setSpacing(8)
        inside.addStretch(2)
        for widget in (self._picture, self._text, self._detail):
            widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            inside.addWidget(widget)
        inside.addSpacing(6)
        inside.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addStretch(3)
        signals.theme_changed.connect(self._draw)
        self.set_message(text, action, detail, icon)

    def set_message(self, text: str, action: str = "", detail: str = "", icon: str = "") -> None:
        """Changes the words; an empty icon keeps the one there was."""
        self._icon_name = icon or self._icon_name
        self._text.setText(text)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self.setAccessibleName(text)
        self._draw()

    def _draw(self) -> None:
        self._picture.setVisible(bool(self._icon_name))
        if self._icon_name:
            self._picture.setPixmap(pixmap(self._icon_name, scaled(40), "dim", self.devicePixelRatioF()))

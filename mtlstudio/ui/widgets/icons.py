"""The window's icons: SVG files in `resources/icons`, drawn in the theme's colours at every size.

What stands on the screen for long takes its icon by `set_icon(button, "play")`, which follows the theme by itself;
`icon("play", "accent")` is a `QIcon` for what is made anew each time; `pixmap("play", 24, "dim", ratio)` and
`paint_icon` are for those who paint by hand. A name without a file is drawn as a dashed box with a question mark.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from mtlstudio.base.resources import resource
from mtlstudio.ui.theme import scaled, signals, theme

log = logging.getLogger(__name__)

_SIZES = (16, 20, 24)
_ALIASES = {
    "app": "logo", "bolt": "train", "database": "data", "delete": "trash", "error-circle": "error", "gallery": "data",
    "gear": "settings", "gpu": "chip", "import": "download", "loupe": "inspect", "pool-avg": "avg-pool",
    "pool-max": "max-pool", "tag": "classification", "transposed-convolution": "transposed", "unet": "unet-decoder",
}  # fmt: skip
_MISSING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
    'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">'
    '<rect x="4" y="4" width="16" height="16" rx="3" stroke-dasharray="3 3"/>'
    '<path d="M9.5 10a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8"/><path d="M12 16.9v.1"/></svg>'
)


def names() -> tuple[str, ...]:
    """Every icon there is, without the other names that some go by."""
    return tuple(sorted(path.stem for path in resource("icons").glob("*.svg")))


def icon(name: str, colour: str | QColor | None = None, size: int | None = None, gap: int = 0) -> QIcon:
    """An icon in the colours of the theme in use; `set_icon` also follows later themes.

    Args:
        name: file name without its ending; an unknown one gives a dashed box with a question mark.
        colour: a token (`text`, `dim`, `accent` …) or a colour; nothing: `text`.
        size: exactly this size, in pixels; nothing: the usual ones.
        gap: empty pixels to the right of it.
    """
    app = QGuiApplication.instance()
    ratio = app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0
    return QIcon(_icon(theme().name, name, _hex(colour), size or 0, ratio, gap))


def pixmap(name: str, size: int = 20, colour: str | QColor | None = None, ratio: float = 1.0) -> QPixmap:
    """One icon as a pixmap of `size` logical pixels on a screen of the given device pixel ratio."""
    return _pixmap(name, size, _hex(colour), ratio)


def set_icon(
    target: QObject, name: str, colour: str | None = None, size: int | None = None, gap: int | None = None
) -> None:
    """Gives a button or an action an icon that follows the theme.

    Args:
        target: a button, an action: any object with `setIcon`.
        name: see `icon`; an empty name takes the icon away.
        colour: a token or a colour; nothing: `text`.
        size: icon size in pixels; nothing leaves the button's own.
        gap: empty pixels to the right of it; nothing: 3 where a button has words and a size is given.
    """
    follower = target.findChild(_Follower, options=Qt.FindChildOption.FindDirectChildrenOnly) or _Follower(target)
    if gap is None:
        gap = 3 if size and isinstance(target, QAbstractButton) and target.text() else 0
    follower.set(name, colour, size or 0, gap)


def paint_icon(
    painter: QPainter, name: str, area: QRectF, colour: str | QColor | None = None, opacity: float = 1.0
) -> None:
    """Paints an icon into an area, as vectors: for canvases that zoom."""
    painter.save()
    painter.setOpacity(painter.opacity() * opacity)
    _renderer(name, _hex(colour)).render(painter, area)
    painter.restore()


def _hex(colour: str | QColor | None) -> str:
    if isinstance(colour, QColor):
        return colour.name(QColor.NameFormat.HexArgb)
    return theme().colour(colour or "text").name(QColor.NameFormat.HexArgb)


@lru_cache(maxsize=512)
def _source(name: str) -> str:
    path = resource("icons", f"{_ALIASES.get(name, name)}.svg")
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        log.warning("There is no icon named %r", name)
        return _MISSING


@lru_cache(maxsize=512)
def _renderer(name: str, argb: str) -> QSvgRenderer:
    source = _source(name).replace("currentColor", QColor(argb).name())
    return QSvgRenderer(QByteArray(source.encode()))


@lru_cache(maxsize=1024)
def _pixmap(name: str, size: int, argb: str, ratio: float, gap: int = 0) -> QPixmap:
    edge = max(1, round(size * ratio))
    made = QPixmap(QSize(max(1, round((size + gap) * ratio)), edge))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(QColor(argb).alphaF())
    _renderer(name, argb).render(painter, QRectF(0, 0, edge, edge))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


@lru_cache(maxsize=512)
def _icon(ground: str, name: str, argb: str, size: int, ratio: float, gap: int) -> QIcon:
    """One icon; `ground`, the theme's name, is there for the cache: disabled icons take the theme's grey."""
    made = QIcon()
    pale = theme().colour("dim", 0.5).name(QColor.NameFormat.HexArgb)
    for mode, colour in ((QIcon.Mode.Normal, argb), (QIcon.Mode.Disabled, pale)):
        for pixels in (size,) if size else _SIZES:
            for density in sorted({1.0, ratio}):
                made.addPixmap(_pixmap(name, pixels, colour, density, gap), mode)
    return made


class _Follower(QObject):
    """A child of its target that draws the icon again in another theme's colours, and goes when the target goes."""

    def __init__(self, target: QObject) -> None:
        super().__init__(target)
        self._wanted: tuple[str, str | None, int, int] = ("", None, 0, 0)
        signals.theme_changed.connect(self._apply)

    def set(self, name: str, colour: str | None, size: int, gap: int) -> None:
        self._wanted = (name, colour, size, gap)
        self._apply()

    def _apply(self) -> None:
        name, colour, size, gap = self._wanted
        target: Any = self.parent()
        size = scaled(size)
        target.setIcon(icon(name, colour, size, gap) if name else QIcon())
        if size and hasattr(target, "setIconSize"):
            target.setIconSize(QSize(size + gap, size))


class IconLabel(QWidget):
    """An icon that is only looked at."""

    def __init__(self, name: str = "", colour: str = "dim", size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._colour, self._size = name, colour, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        signals.theme_changed.connect(self.update)

    def set_icon(self, name: str, colour: str | None = None) -> None:
        """Shows another icon; without a colour in the same one."""
        self._name, self._colour = name, colour or self._colour
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Grows with the texts."""
        return QSize(scaled(self._size), scaled(self._size))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the icon in the middle."""
        if self._name:
            size = scaled(self._size)
            drawn = pixmap(self._name, size, self._colour, self.devicePixelRatioF())
            QPainter(self).drawPixmap((self.width() - size) // 2, (self.height() - size) // 2, drawn)

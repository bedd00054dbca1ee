"""The gallery's pictures, made in threads: what came into sight last is made first, what scrolled away is dropped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage
from shiboken6 import isValid

from mtlstudio.base.errors import StudioError
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.tasks.geometry import Fit
from mtlstudio.ui.data.records import Record, Table
from mtlstudio.ui.painting import composed
from mtlstudio.ui.widgets.gallery import Gallery

AT_ONCE = 2
MOST_WAITING = 400

Make = Callable[[str, int], QImage]


def picture_of(table: Table, record: Record, drawn: tuple[str, ...], side: int) -> QImage:
    """A sample's picture with targets drawn over it.

    A target that cannot be read is left out; Data names it among the findings.

    Raises:
        StudioError: the picture cannot be read.
    """
    data, item, settings = table.data, record.item, table.spec.data
    picture = data.read_picture(item, side)
    fit = Fit(picture.width, picture.height, settings.image_size, settings.resize)
    paintings = []
    for task_id in drawn:
        try:
            value = data.read_target(item, task_id, picture.width, picture.height)
            truth = table.tasks[task_id].truth(value, fit) if value is not None else None
        except StudioError:
            continue
        painting = table.tasks[task_id].paint(truth) if truth is not None else None
        if painting is not None:
            paintings.append((painting, table.tasks[task_id].spec.colour))
    return composed(picture.image, paintings, side, size=(picture.width, picture.height))


def if_alive(owner: QObject, do: Callable[[Any], None]) -> Callable[[Any], None]:
    """`do`, but nothing once the owner is gone: a workspace may be taken down while its jobs run."""
    return lambda result: do(result) if isValid(owner) else None


class Thumbnails(QObject):
    """Answers a gallery's `thumbnail_needed`."""

    def __init__(self, jobs: Jobs, gallery: Gallery) -> None:
        super().__init__(gallery)
        self._jobs, self._gallery = jobs, gallery
        self._make: Make | None = None
        self._fresh: list[str] = []
        self._waiting: list[str] = []
        self._running: dict[str, Token] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._take)
        gallery.thumbnail_needed.connect(self._ask)

    @property
    def busy(self) -> bool:
        """Pictures that can be seen are still missing."""
        return bool(self._fresh or self._waiting or self._running)

    def set_make(self, make: Make | None) -> None:
        """Makes the pictures in another way from now on, those that are there too.

        Args:
            make: key, side in pixels -> picture; runs in a thread, may raise StudioError.
        """
        for token in self._running.values():
            token.cancel()
        self._running.clear()
        self._fresh, self._waiting = [], []
        self._make = make
        self._gallery.invalidate()

    def _ask(self, key: str) -> None:
        self._fresh.append(key)
        self._timer.start()

    def _take(self) -> None:
        """Keys asked for together stay in order; together they go before those asked for earlier."""
        fresh = dict.fromkeys(self._fresh)
        self._waiting = [*fresh, *(key for key in self._waiting if key not in fresh)][:MOST_WAITING]
        self._fresh = []
        self._go_on()

    def _go_on(self) -> None:
        make = self._make
        while make is not None and self._waiting and len(self._running) < AT_ONCE:
            key = self._waiting.pop(0)
            side = round(max(self._gallery.thumb_size(), 32) * 1.25 * self._gallery.devicePixelRatioF())
            self._running[key] = self._jobs.submit(
                partial(_made, make, key, side),
                if_alive(self, partial(self._give, key)),
                if_alive(self, partial(self._fail, key)),
            )
        if make is None:
            self._waiting = []

    def _fail(self, key: str, _error: StudioError) -> None:
        self._give(key, QImage())

    def _give(self, key: str, image: QImage) -> None:
        self._running.pop(key, None)
        self._gallery.set_thumbnail(key, image)
        self._go_on()


def _made(make: Make, key: str, side: int, token: Token) -> QImage:
    token.check()
    return make(key, side)

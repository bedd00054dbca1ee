"""Panes that move together."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject
from shiboken6 import isValid

from mtlstudio.ui.widgets.image_layers import View
from mtlstudio.ui.widgets.image_view import ImageView


class ViewLink(QObject):
    """Panes that pan, zoom and point together; a pane may go at any time."""

    def __init__(self, views: Sequence[ImageView] = ()) -> None:
        super().__init__()
        self._members: list[_Member] = []
        for view in views:
            self.add(view)

    def add(self, view: ImageView) -> None:
        """Takes a pane in; it takes over what the others show."""
        others = self.others(view)
        if others:
            view.set_view(others[0].view())
        self._members.append(_Member(view, self))

    def others(self, view: QObject) -> list[ImageView]:
        """The panes that still live, but for one."""
        self._members = [member for member in self._members if isValid(member)]
        return [member.pane for member in self._members if member.pane is not view]


class _Member(QObject):
    """A pane's child that tells the other panes, and goes when it goes."""

    def __init__(self, pane: ImageView, link: ViewLink) -> None:
        super().__init__(pane)
        self.pane, self._link = pane, link
        pane.view_changed.connect(self._seen)
        pane.hovered.connect(self._hovered)
        pane.left.connect(self._left)

    def _seen(self, view: View) -> None:
        for other in self._link.others(self.pane):
            other.set_view(view)

    def _hovered(self, x: int, y: int) -> None:
        for other in self._link.others(self.pane):
            other.set_cursor_mark((x + 0.5, y + 0.5))

    def _left(self) -> None:
        for other in self._link.others(self.pane):
            other.set_cursor_mark(None)


def link_views(views: Sequence[ImageView]) -> ViewLink:
    """Lets panes pan, zoom and point together for as long as they live."""
    return ViewLink(views)

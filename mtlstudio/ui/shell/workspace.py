"""What a workspace is to the window."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QByteArray, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from mtlstudio.session.studio import Studio
from mtlstudio.ui.shell.actions import Actions


@dataclass(frozen=True)
class WorkspaceDeclaration:
    """A workspace: its id, its name (marked), its icon and the actions that stand as buttons at the top right.

    `buttons` are action ids, the last one accented.
    """

    id: str
    name: str
    icon: str
    buttons: tuple[str, ...] = ()


class Workspace(QWidget):
    """Base of the five rooms of the window.

    A workspace is built anew when the language changes, so it must take all it shows from the studio. It lays its side
    panels and its middle into `splitter`, whose state the window keeps.

    Signals:
        status_changed: texts for the strip at the bottom, left to right.
    """

    declaration: WorkspaceDeclaration
    status_changed = Signal(list)

    def __init__(self, studio: Studio, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.studio, self.actions_ = studio, actions
        self.splitter = QSplitter(self)
        self.splitter.setChildrenCollapsible(True)
        self.splitter.setHandleWidth(1)
        self.setObjectName(f"workspace-{self.declaration.id}")

    def handlers(self) -> dict[str, object]:
        """Action id -> callable, for the actions that this workspace carries out (`mtlstudio.ui.shell.actions`)."""
        return {}

    def entered(self) -> None:
        """The workspace is shown now."""

    def left(self) -> None:
        """Another workspace is shown now."""

    def status(self) -> list[str]:
        """Texts for the strip at the bottom."""
        return []

    def settled(self) -> bool:
        """Nothing is under way that would still change the picture (for `--screenshot` and tests)."""
        return True

    def default_sizes(self) -> list[int]:
        """Widths of the splitter's parts before the user moved them."""
        return [220, 900, 260]

    def layout_state(self) -> str:
        """The splitter's state as text."""
        return bytes(self.splitter.saveState().toBase64().data()).decode()

    def restore_layout(self, state: str) -> None:
        """Brings the splitter's state back; an empty or foreign text means the default."""
        if not state or not self.splitter.restoreState(QByteArray.fromBase64(state.encode())):
            self.splitter.setSizes(self.default_sizes())

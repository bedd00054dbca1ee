"""The open project: its specification, undo, selection, saving."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from mtlstudio.base.errors import StudioError
from mtlstudio.project import files
from mtlstudio.project.history import History
from mtlstudio.project.spec import ProjectSpec

AUTOSAVE_MS = 1500

Edit = Callable[[ProjectSpec], ProjectSpec]


class Document(QObject):
    """The project that the window shows.

    Attributes:
        opened: the project as it was when it was opened.

    Signals:
        changed: (before, after) specifications, after every edit, undo and redo.
        history_changed: undo or redo became possible or impossible, or the saved state changed.
        selection_changed: other layers are selected.
        refused: an edit was refused; the sentence says why.
    """

    changed = Signal(object, object)
    history_changed = Signal()
    selection_changed = Signal(tuple)
    refused = Signal(str)

    def __init__(self, folder: Path, spec: ProjectSpec, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.opened = spec
        self._spec = spec
        self._history: History[ProjectSpec] = History()
        self._recovered = False
        self._selection: tuple[str, ...] = ()
        self._lock = files.project_lock(folder)
        self._autosave = QTimer(self)
        self._autosave.setSingleShot(True)
        self._autosave.setInterval(AUTOSAVE_MS)
        self._autosave.timeout.connect(self._write_autosave)

    @property
    def spec(self) -> ProjectSpec:
        """The project as it is now."""
        return self._spec

    def lock(self) -> None:
        """Claims the project for this window. Raises StudioError while another one has it."""
        self._lock.acquire()

    def apply(self, text: str, edit: Edit, merge: str | None = None) -> bool:
        """Changes the project by an edit: one undo step.

        Args:
            text: what the step is called in the Edit menu, translated.
            edit: specification -> specification; an EditRefused is shown, nothing changes then.
            merge: consecutive edits of the same key (a slider's) become one step.

        Returns:
            Whether the edit was done.
        """
        try:
            after = edit(self._spec)
        except StudioError as error:
            self.refused.emit(error.text())
            return False
        if after != self._spec:
            before, self._spec = self._spec, after
            self._history.push(before, after, text, merge)
            self._announce(before)
        return True

    def seal(self) -> None:
        """Ends merging: the slider was let go, the next edit is a step of its own."""
        self._history.seal()

    def undo(self) -> None:
        """Takes the last step back, exactly."""
        if self.can_undo:
            before, self._spec = self._spec, self._history.undo()
            self._announce(before)

    def redo(self) -> None:
        """Does the step again that was taken back."""
        if self.can_redo:
            before, self._spec = self._spec, self._history.redo()
            self._announce(before)

    @property
    def can_undo(self) -> bool:
        return self._history.undo_text is not None

    @property
    def can_redo(self) -> bool:
        return self._history.redo_text is not None

    @property
    def undo_text(self) -> str:
        """What undo would take back, translated; "" when there is nothing."""
        return self._history.undo_text or ""

    @property
    def redo_text(self) -> str:
        return self._history.redo_text or ""

    @property
    def is_saved(self) -> bool:
        """The project on disk is the one shown."""
        return self._history.is_clean and not self._recovered

    def save(self) -> None:
        """Writes project.json. Raises StudioError: it cannot be written (nothing is lost then)."""
        self._autosave.stop()
        files.save(self.folder, self._spec)
        files.discard_recovery(self.folder)
        self._history.mark_clean()
        self._recovered = False
        self.history_changed.emit()

    def mark_unsaved(self) -> None:
        """What is shown differs from what is on disk (after a recovery)."""
        self._recovered = True
        self.history_changed.emit()

    @property
    def selection(self) -> tuple[str, ...]:
        """Ids of the selected layers; those that an edit removed are not among them."""
        return self._selection

    def select(self, layer_ids: Iterable[str]) -> None:
        """Selects layers; no undo step."""
        known = {layer.id for layer in self._spec.network.layers}
        selection = tuple(layer_id for layer_id in dict.fromkeys(layer_ids) if layer_id in known)
        if selection != self._selection:
            self._selection = selection
            self.selection_changed.emit(selection)

    def close(self) -> None:
        """Leaves the project: no autosave any more, the lock is given back."""
        self._autosave.stop()
        if self.is_saved:
            files.discard_recovery(self.folder)
        self._lock.release()

    def _announce(self, before: ProjectSpec) -> None:
        self.select(self._selection)
        self._autosave.start()
        self.changed.emit(before, self._spec)
        self.history_changed.emit()

    def _write_autosave(self) -> None:
        try:
            files.autosave(self.folder, self._spec)
        except StudioError as error:
            self.refused.emit(error.text())

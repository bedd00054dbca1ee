"""Pin, rename, tag, note, delete, restore: what the table of runs does to runs, with its dialogs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import ntr, tr
from mtlstudio.runs import keeping
from mtlstudio.runs.folder import RunFolder
from mtlstudio.session.studio import Studio
from mtlstudio.ui.compare.rows import RunRow
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, dialog_buttons, label
from mtlstudio.ui.widgets.feedback import show_toast


class WordsDialog(QDialog):
    """Name, tags and note of a run; for several runs tags alone."""

    def __init__(self, rows: Sequence[RunRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("run-words")
        self.setWindowTitle(rows[0].info.name if len(rows) == 1 else ntr("{n} run", "{n} runs", len(rows)))
        self.name, self.tags = QLineEdit(rows[0].info.name), QLineEdit(", ".join(_tags_of_all(rows)))
        self.name.setObjectName("name")
        self.tags.setObjectName("tags")
        self.tags.setPlaceholderText(tr("words, separated by commas"))
        self.note = QPlainTextEdit(rows[0].info.note)
        self.note.setObjectName("note")
        standard = QDialogButtonBox.StandardButton
        buttons = dialog_buttons(standard.Cancel, standard.Ok)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        if len(rows) == 1:
            form.addRow(tr("Name"), self.name)
        form.addRow(tr("Tags"), self.tags)
        if len(rows) == 1:
            form.addRow(tr("Note"), self.note)
        page = QVBoxLayout(self)
        page.addLayout(form)
        page.addWidget(buttons)
        self.resize(scaled(420), scaled(260 if len(rows) == 1 else 120))

    def tag_words(self) -> list[str]:
        """The tags."""
        return [word.strip() for word in self.tags.text().replace("，", ",").split(",") if word.strip()]


class TrashDialog(QDialog):
    """The runs in the trash, newest first; each can be brought back."""

    def __init__(self, runs: Sequence[keeping.Trashed], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trash")
        self.setWindowTitle(tr("Trash of runs"))
        self._runs = list(runs)
        self.list = QListWidget()
        self.list.setObjectName("trash-list")
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        for one in runs:
            item = QListWidgetItem(
                tr("{name} · deleted {when}", name=one.name, when=one.deleted[:16].replace("T", " "))
            )
            item.setData(Qt.ItemDataRole.UserRole, one.path.name)
            self.list.addItem(item)
        self.back = button(tr("Restore"), "undo", accent=True)
        self.back.setObjectName("restore")
        self.back.setEnabled(False)
        self.list.itemSelectionChanged.connect(lambda: self.back.setEnabled(bool(self.list.selectedItems())))
        self.list.itemDoubleClicked.connect(lambda _item: self.accept())
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.back, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        page = QVBoxLayout(self)
        if not runs:
            page.addWidget(label(tr("The trash is empty."), "dim"))
        page.addWidget(self.list, 1)
        page.addWidget(
            label(
                tr("Deleted runs lie in the folder .trash of the project until you delete them there."), "small", True
            )
        )
        page.addWidget(buttons)
        self.resize(scaled(480), scaled(320))

    def chosen(self) -> list[keeping.Trashed]:
        """Those that are to come back."""
        names = {item.data(Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()}
        return [one for one in self._runs if one.path.name in names]


class Keeper(QObject):
    """Carries out what is asked of the selected runs.

    Signals:
        changed(): runs have other words, are gone or have come back.
    """

    changed = Signal()

    def __init__(self, studio: Studio, owner: QWidget) -> None:
        super().__init__(owner)
        self._studio, self._owner = studio, owner

    def pin(self, rows: Sequence[RunRow]) -> None:
        """Pins them, or lets them go where all are pinned."""
        wanted = not all(row.info.pinned for row in rows)
        self._each(rows, lambda run: keeping.pin(run, wanted))

    def edit_words(self, rows: Sequence[RunRow]) -> None:
        """Asks for name, tags and note."""
        if not rows:
            return
        dialog = WordsDialog(rows, self._owner)
        if dialog.exec():
            self.set_words(rows, dialog)
        dialog.deleteLater()

    def set_words(self, rows: Sequence[RunRow], dialog: WordsDialog) -> None:
        """Takes over what the dialog says."""
        if len(rows) == 1:
            info, run = rows[0].info, rows[0].run
            name, note = dialog.name.text(), dialog.note.toPlainText()

            def all_of_it(_run: RunFolder) -> None:
                if name.strip() != info.name:
                    keeping.rename(run, name)
                if note.strip() != info.note:
                    keeping.annotate(run, note)
                if dialog.tag_words() != info.tags:
                    keeping.tag(run, dialog.tag_words())

            self._each(rows, all_of_it)
            return
        before = _tags_of_all(rows)
        words = dialog.tag_words()
        gone = [word for word in before if word not in words]
        own = {row.run.id: row.info.tags for row in rows}
        self._each(
            rows,
            lambda run: keeping.tag(run, [*(word for word in own[run.id] if word not in gone), *words]),
        )

    def delete(self, rows: Sequence[RunRow]) -> None:
        """Moves them to the trash and offers to bring them back."""
        current = self._studio.studies.current
        busy = current.id if current is not None else None
        free = [row for row in rows if not busy or row.study != busy]
        if len(free) < len(rows):
            self._studio.say(tr("{study} is under way: its runs cannot be deleted now.", study=busy), "warning")
        gone: list[keeping.Trashed] = []
        self._let_go(free)
        self._each(free, lambda run: gone.append(keeping.delete(run)))
        if gone:
            words = ntr("{n} run was moved to the trash.", "{n} runs were moved to the trash.", len(gone))
            show_toast(self._owner, words, tr("Undo"), lambda: self.restore(gone), timeout=10000)

    def restore(self, gone: Sequence[keeping.Trashed]) -> None:
        """Brings runs back."""
        document = self._studio.document
        for one in gone if document is not None else ():
            assert document is not None
            self._attempt(lambda one=one: keeping.restore(document.folder, one))  # type: ignore[misc]
        self.changed.emit()

    def open_trash(self) -> None:
        """Shows what is in the trash."""
        document = self._studio.document
        if document is None:
            return
        dialog = TrashDialog(keeping.trashed(document.folder), self._owner)
        if dialog.exec():
            self.restore(dialog.chosen())
        dialog.deleteLater()

    def _let_go(self, rows: Sequence[RunRow]) -> None:
        """Nobody shows a run that goes away."""
        ids = {row.run.id for row in rows}
        training, prediction = self._studio.training, self._studio.prediction
        if training.run is not None and training.run.id in ids and not training.is_training:
            training.show(None)
        if prediction.run is not None and prediction.run.id in ids:
            prediction.unload()

    def _each(self, rows: Sequence[RunRow], do: Callable[[RunFolder], object]) -> None:
        for row in rows:
            self._attempt(lambda row=row: do(row.run))  # type: ignore[misc]
        self.changed.emit()

    def _attempt(self, do: Callable[[], object]) -> None:
        try:
            do()
        except StudioError as error:
            self._studio.say(error.text(), "bad")


def _tags_of_all(rows: Sequence[RunRow]) -> list[str]:
    """The tags that every one of them has."""
    return [word for word in rows[0].info.tags if all(word in row.info.tags for row in rows)]

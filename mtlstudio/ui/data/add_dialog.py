"""What was recognised in a folder, and which tasks it is to be used for."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.data.interface import layout
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.tasks.registry import task_type
from mtlstudio.ui.data.heads import Addition, addition, head_source
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, dialog_buttons, label
from mtlstudio.ui.widgets.titles import ElidedLabel, SectionTitle


def look_at(spec: ProjectSpec, path: Path, folder: Path) -> Addition:
    """Recognises a folder as a data set of the project; runs in a thread.

    Raises:
        StudioError: it is missing, empty, unreadable, or of no layout that is understood.
    """
    from mtlstudio.data.project import open_source
    from mtlstudio.data.propose import add_dataset, recognise

    after = add_dataset(spec, recognise(path), folder)
    return addition(spec, after, len(open_source(after.datasets[-1], folder).samples))


class AddDataDialog(QDialog):
    """Asks which tasks a folder is to be used for.

    After `exec()`: `wanted()` are the ids of the tasks that were left ticked.
    """

    def __init__(self, spec: ProjectSpec, added: Addition, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("add-data")
        self.setWindowTitle(tr("Add data"))
        self._spec, self._added = spec, added
        self.boxes: dict[str, QCheckBox] = {}
        page = QVBoxLayout(self)
        page.setContentsMargins(18, 16, 18, 14)
        page.setSpacing(6)
        page.addWidget(ElidedLabel(added.dataset.name, "heading"))
        kind = tr(layout(added.dataset.layout).name)
        pictures = ntr("{n} picture", "{n} pictures", added.pictures)
        page.addWidget(label(f"{kind} · {pictures}", "dim"))
        if added.joined:
            page.addWidget(SectionTitle(tr("More labels for")))
            for task in added.joined:
                page.addWidget(self._box(task, ""))
        if added.new:
            page.addWidget(SectionTitle(tr("New tasks")))
            for task in added.new:
                page.addWidget(self._box(task, self._place_of(task)))
            page.addWidget(
                label(tr("Each new task gets a head; where it hangs can be changed in Design."), "dim", wrap=True)
            )
        page.addStretch(1)
        page.addSpacing(8)
        page.addWidget(self._buttons())
        self.setMinimumWidth(scaled(420))
        self._check()

    def wanted(self) -> tuple[str, ...]:
        """Ids of the tasks it is to be used for."""
        return tuple(task for task, box in self.boxes.items() if box.isChecked())

    def _box(self, task: TaskSpec, note: str) -> QCheckBox:
        kind = tr(task_type(task.type).name).lower()
        words = " · ".join(part for part in (task.name, kind, note) if part)
        made = QCheckBox(words.replace("&", "&&"))
        made.setObjectName(f"use-{task.id}")
        made.setChecked(True)
        made.toggled.connect(lambda _on: self._check())
        classes = ", ".join(task.parameters.get("class_names", ())[:20])
        made.setToolTip(classes)
        self.boxes[task.id] = made
        return made

    def _place_of(self, task: TaskSpec) -> str:
        source = head_source(self._spec, task) if self._spec.network.layers else None
        return tr("behind {layer}", layer=self._spec.network.layer(source[0]).name) if source is not None else ""

    def _buttons(self) -> QDialogButtonBox:
        made = dialog_buttons(QDialogButtonBox.StandardButton.Cancel)
        self.add = button(tr("Add data"), accent=True)
        self.add.setObjectName("add-data-accept")
        self.add.setDefault(True)
        made.addButton(self.add, QDialogButtonBox.ButtonRole.AcceptRole)
        made.accepted.connect(self.accept)
        made.rejected.connect(self.reject)
        return made

    def _check(self) -> None:
        if hasattr(self, "add"):
            self.add.setEnabled(bool(self.wanted()))

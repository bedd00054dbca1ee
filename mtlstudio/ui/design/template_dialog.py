"""Chooses a template that replaces the network."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.network.templates.registry import Template, templates
from mtlstudio.ui.shell.template_picture import TemplatePicture
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, label


class TemplateDialog(QDialog):
    """A list of templates with pictures. After `exec()`: `chosen`, the id, when it was accepted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("template-dialog")
        self.setWindowTitle(tr("Replace by a template"))
        self.list = QListWidget()
        self.list.setObjectName("template-list")
        self.list.setAccessibleName(tr("Templates"))
        self.list.setSpacing(2)
        for item in templates():
            self._add(item)
        self.list.setCurrentRow(0)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        replace = button(tr("Replace the network"), accent=True)
        replace.setObjectName("template-accept")
        replace.setDefault(True)
        buttons.addButton(replace, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.list.itemActivated.connect(lambda _item: self.accept())
        column = QVBoxLayout(self)
        column.addWidget(
            label(tr("The template is fitted to this project's tasks. Undo brings your network back."), "dim")
        )
        column.addWidget(self.list, 1)
        column.addWidget(buttons)
        self.resize(scaled(560), scaled(480))

    @property
    def chosen(self) -> str:
        """Id of the template."""
        return str(self.list.currentItem().data(Qt.ItemDataRole.UserRole))

    def _add(self, template: Template) -> None:
        line = QWidget()
        line.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside = QHBoxLayout(line)
        inside.setContentsMargins(6, 6, 6, 6)
        inside.setSpacing(12)
        picture = TemplatePicture(template.id)
        picture.setFixedSize(scaled(150), scaled(70))
        words = QVBoxLayout()
        words.addStretch(1)
        words.addWidget(label(tr(template.name), "title"))
        words.addWidget(label(tr(template.summary), "dim", wrap=True))
        words.addStretch(1)
        inside.addWidget(picture)
        inside.addLayout(words, 1)
        item = QListWidgetItem()
        item.setData(Qt.ItemDataRole.UserRole, template.id)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, tr(template.name))
        item.setSizeHint(QSize(scaled(400), scaled(86)))
        self.list.addItem(item)
        self.list.setItemWidget(item, line)

"""Chooses a template: a picture of the grid it makes for these tasks, when to use it, what it costs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.patterns import Template
from mtlstudio.network.templates.registry import templates
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.analysis import AnalysisSession
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.miniature import Miniature, MiniatureView, miniature_of
from mtlstudio.ui.design.template_groups import GROUPS, group_of, search
from mtlstudio.ui.design.template_list import TemplateList
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button, dialog_buttons, label
from mtlstudio.ui.widgets.search_field import SearchField
from mtlstudio.ui.widgets.sizes import resize_on_screen
from mtlstudio.ui.widgets.titles import FactList


class TemplateDialog(QDialog):
    """Templates with pictures and figures. After `exec()`: `chosen`, the id, when it was accepted.

    Args:
        spec: the project whose network is replaced; None: one is to be started, an example's tasks are shown.
        figures_at_hand: whether torch is there, so that costs can be worked out.
    """

    def __init__(
        self, parent: QWidget | None = None, spec: ProjectSpec | None = None, figures_at_hand: bool = True,
        first: str = "",
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setObjectName("template-dialog")
        self.setWindowTitle(tr("Replace by a template") if spec is not None else tr("Start from a network"))
        self._spec, self._figures = spec, figures_at_hand
        self._templates = {item.id: item for item in templates()}
        self._miniatures: dict[str, Miniature | None] = {}
        self._lacking: dict[str, str] = {}
        for item in self._templates.values():
            self._miniatures[item.id] = miniature_of(item, spec)
            if spec is not None and self._miniatures[item.id] is None:
                self._lacking[item.id] = _sentence(item.lacks(spec)) or tr("It does not suit these tasks.")
        self._costs = AnalysisSession(self)
        self._costs.updated.connect(self._take_figures)
        self.finished.connect(lambda _code: self._costs.shut_down())
        self.field = SearchField(tr("Search templates…"))
        self.list = TemplateList()
        self._build_preview()
        self._lay_out(spec)
        self.field.textChanged.connect(self._fill)
        self.field.stepped.connect(self.list.step)
        self.field.accepted.connect(self._accept)
        self.field.cancelled.connect(self.reject)
        self.list.chosen.connect(self._show)
        self.list.itemActivated.connect(lambda _item: self._accept())
        self._fill("")
        if first:
            self.list.make_current(first)
        self._show(self.list.current())
        self.field.setFocus()

    @property
    def chosen(self) -> str:
        """Id of the template."""
        return self.list.current()

    def done(self, code: int) -> None:
        """Ends the figures' thread with the dialog."""
        self._costs.shut_down()
        super().done(code)

    def _build_preview(self) -> None:
        self.picture = MiniatureView()
        self.picture.setFixedHeight(min(scaled(190), 240))
        self.name, self.summary = label(role="heading", wrap=True), label(wrap=True)
        self.source = label(role="small", wrap=True)
        self.facts = FactList()
        self.why = label(role="warning", wrap=True)

    def _lay_out(self, spec: ProjectSpec | None) -> None:
        words_and_picture = QWidget()
        words_and_picture.setProperty("ground", "panel")
        inside = QVBoxLayout(words_and_picture)
        inside.setContentsMargins(16, 16, 16, 16)
        inside.setSpacing(10)
        for widget in (self.picture, self.name, self.summary, self.source, self.why, self.facts):
            inside.addWidget(widget)
        inside.addStretch(1)
        preview = QScrollArea()
        preview.setWidgetResizable(True)
        preview.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        preview.setWidget(words_and_picture)
        preview.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        words_and_picture.setMinimumWidth(1)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.field)
        left.addWidget(self.list, 1)
        body = QHBoxLayout()
        body.setSpacing(12)
        body.addLayout(left, 5)
        body.addWidget(preview, 4)
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Cancel)
        self.take = button(tr("Replace the network") if spec is not None else tr("Start with it"), accent=True)
        self.take.setObjectName("template-accept")
        self.take.setDefault(True)
        buttons.addButton(self.take, QDialogButtonBox.ButtonRole.ActionRole)
        self.take.clicked.connect(self._accept)
        buttons.rejected.connect(self.reject)
        words = (
            tr("The template is fitted to this project's tasks. Undo brings your network back.")
            if spec is not None
            else tr("Shown for an example of three tasks; it is fitted to the tasks of your data.")
        )
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addWidget(label(words, "dim", wrap=True))
        column.addLayout(body, 1)
        column.addWidget(buttons)
        resize_on_screen(self, 900, 620)

    def _fill(self, text: str) -> None:
        found = search(tuple(self._templates.values()), text)
        groups = []
        for group, name, _members in GROUPS:
            inside = [item for item in found if self._group(item) == group]
            groups.append((tr(name), inside))
        self.list.fill(groups, self._miniatures, self._lacking)
        self._show(self.list.current())

    def _group(self, template: Template) -> str:
        miniature = self._miniatures[template.id]
        return group_of(template, miniature.spec.network if miniature is not None else None)

    def _show(self, template_id: str) -> None:
        template = self._templates.get(template_id)
        for widget in (self.picture, self.name, self.summary, self.source, self.why, self.facts):
            widget.setVisible(template is not None)
        self.take.setEnabled(template is not None and template_id not in self._lacking)
        if template is None:
            return
        miniature = self._miniatures[template_id]
        self.picture.show_miniature(miniature)
        self.picture.setVisible(miniature is not None)
        self.name.setText(tr(template.name))
        self.summary.setText(tr(template.summary))
        self.source.setText(template.source)
        self.source.setVisible(bool(template.source))
        why = self._lacking.get(template_id, "")
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self._show_facts(miniature, None)
        if miniature is not None and self._spec is not None and self._figures:
            self._costs.request(miniature.spec)

    def _show_facts(self, miniature: Miniature | None, analysis: Analysis | None) -> None:
        self.facts.setVisible(miniature is not None)
        if miniature is None:
            return
        network = miniature.spec.network
        shared = sum(len(layer.tasks) > 1 for layer in network.layers)
        facts = [
            (tr("Layers"), str(len(network.layers))),
            (tr("Shared"), ntr("{n} layer", "{n} layers", shared) if shared else tr("none")),
        ]
        if self._spec is not None and self._figures:
            waiting = "…"
            total = analysis.total if analysis is not None else None
            facts += [
                (tr("Parameters"), figures.count(total.parameters) if total else waiting),
                (tr("MACs per image"), figures.count(total.macs) if total else waiting),
                (tr("Activations per image"), figures.memory(total.activation_bytes) if total else waiting),
            ]
        self.facts.set_facts(facts)

    def _take_figures(self, spec: ProjectSpec, analysis: Analysis) -> None:
        miniature = self._miniatures.get(self.list.current())
        if miniature is not None and miniature.spec is spec:
            self._show_facts(miniature, analysis)

    def _accept(self) -> None:
        if self.take.isEnabled():
            self.accept()


def _sentence(text: str) -> str:
    """With a capital and a full stop."""
    return text if not text else f"{text[0].upper()}{text[1:].rstrip('.')}."

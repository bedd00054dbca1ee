"""Data's right side, lower part: how pictures are changed and prepared, and the dials of data that are made."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mtlstudio.base.declare import complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import tr
from mtlstudio.data.interface import layout
from mtlstudio.project.edits.settings import set_data, set_dataset
from mtlstudio.project.settings import DataSettings, parameters_of
from mtlstudio.project.spec import DatasetSpec, ProjectSpec
from mtlstudio.session.document import Document
from mtlstudio.ui.widgets.common import button, label
from mtlstudio.ui.widgets.panel import Collapsible
from mtlstudio.ui.widgets.parameter_form import ParameterForm
from mtlstudio.ui.widgets.titles import SectionTitle

CHANGES = ("flip_horizontal", "flip_vertical", "crop_scale", "colour")
"""The data settings that change pictures at random; the others prepare them."""


class AugmentationForm(ParameterForm):
    """The changes of training pictures, edited in the project: undoable."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__([item for item in parameters_of(DataSettings) if item.name in CHANGES], parent=parent)
        self._document = document
        self.changed.connect(partial(_set_setting, document))
        document.changed.connect(self._follow)
        self._follow(None, document.spec)

    def _follow(self, _before: ProjectSpec | None, after: ProjectSpec) -> None:
        self.set_values({name: getattr(after.data, name) for name in CHANGES})


class SettingsPanel(QWidget):
    """Signals:
    preview_wanted: see what the changes do to a picture.
    """

    preview_wanted = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.summary = label("", wrap=True)
        self.summary.setObjectName("augmentation-summary")
        self.changes = AugmentationForm(document)
        self.preparation = ParameterForm([item for item in parameters_of(DataSettings) if item.name not in CHANGES])
        self.preparation.changed.connect(partial(_set_setting, document))
        self.preview = button(tr("Preview…"))
        self.preview.setObjectName("preview-augmentation")
        self.preview.clicked.connect(self.preview_wanted)
        self.dials: dict[str, ParameterForm] = {}
        self._dials = QVBoxLayout()
        self._dials.setSpacing(6)
        self._dialled: tuple[tuple[str, str], ...] = ()
        self._lay_out()
        document.changed.connect(self._follow)
        self._follow(None, document.spec)

    def _lay_out(self) -> None:
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(8)
        page.addWidget(SectionTitle(tr("Augmentation")))
        page.addWidget(self.summary)
        page.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignLeft)
        self.folds = {
            "changes": _fold(tr("Change it"), self.changes, False),
            "preparation": _fold(tr("Size, standardisation, splits"), self.preparation, False),
        }
        for fold in self.folds.values():
            page.addWidget(fold)
        page.addLayout(self._dials)

    def _follow(self, _before: ProjectSpec | None, after: ProjectSpec) -> None:
        settings = after.data
        self.summary.setText(changes_text(settings))
        self.preparation.set_values({item.name: getattr(settings, item.name) for item in self.preparation.parameters()})
        made = [dataset for dataset in after.datasets if _has_dials(dataset)]
        dialled = tuple((dataset.id, dataset.layout) for dataset in made)
        if dialled != self._dialled:
            self._dialled = dialled
            self._make_dials(made)
        for dataset in made:
            self.dials[dataset.id].set_values(_values(dataset))

    def _make_dials(self, datasets: list[DatasetSpec]) -> None:
        while self._dials.count():
            item = self._dials.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.dials = {}
        for dataset in datasets:
            form = ParameterForm(layout(dataset.layout).parameters, _values(dataset))
            form.setObjectName(f"dials-{dataset.id}")
            form.changed.connect(partial(_set_dial, self._document, dataset.id))
            self.dials[dataset.id] = form
            self._dials.addWidget(SectionTitle(tr("{dataset}: dials", dataset=dataset.name)))
            self._dials.addWidget(form)


def changes_text(settings: DataSettings) -> str:
    """What happens to training pictures, in one line."""
    words = []
    if settings.flip_horizontal > 0:
        words.append(tr("flip"))
    if settings.flip_vertical > 0:
        words.append(tr("upside down"))
    if settings.crop_scale < 1:
        words.append(tr("crop {least:g}–1.0", least=settings.crop_scale))
    if settings.colour > 0:
        words.append(tr("colour {strength:g}", strength=settings.colour))
    return " · ".join(words) if words else tr("none: pictures are used as they are")


def _fold(title: str, form: QWidget, expanded: bool) -> Collapsible:
    made = Collapsible(title, expanded=expanded)
    made.add(form)
    return made


def _has_dials(dataset: DatasetSpec) -> bool:
    """Its pictures are made, from its parameters."""
    try:
        kind = layout(dataset.layout)
    except KeyError:
        return False
    return not kind.needs_path and bool(kind.parameters)


def _values(dataset: DatasetSpec) -> dict[str, Any]:
    parameters = layout(dataset.layout).parameters
    try:
        return complete(parameters, dataset.parameters)
    except StudioError:  # the form itself says what is wrong
        return {item.name: dataset.parameters.get(item.name, item.default) for item in parameters}


def _set_setting(document: Document, name: str, value: Any) -> None:
    words = {item.name: tr(item.label) for item in parameters_of(DataSettings)}
    document.apply(
        tr("Change {setting}", setting=words[name]), lambda spec: set_data(spec, **{name: value}), f"data.{name}"
    )


def _set_dial(document: Document, dataset_id: str, name: str, value: Any) -> None:
    def edit(spec: ProjectSpec) -> ProjectSpec:
        parameters = FrozenDict({**spec.dataset(dataset_id).parameters, name: value})
        return set_dataset(spec, dataset_id, parameters=parameters)

    kind = layout(document.spec.dataset(dataset_id).layout)
    words = {item.name: tr(item.label) for item in kind.parameters}
    document.apply(tr("Change {setting}", setting=words[name]), edit, f"dataset.{dataset_id}.{name}")

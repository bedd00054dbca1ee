"""Edits of the settings, the data sets and the whole network."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from mtlstudio.base.declare import Parameter
from mtlstudio.base.frozen import freeze
from mtlstudio.base.texts import mark
from mtlstudio.project.edits.common import checked_name, refuse, with_settled
from mtlstudio.project.settings import DataSettings, MethodSpec, TrainingSettings, parameters_of
from mtlstudio.project.spec import DatasetSpec, NetworkSpec, ProjectSpec

_Settings = TypeVar("_Settings", DataSettings, TrainingSettings)


def rename_project(spec: ProjectSpec, name: str) -> ProjectSpec:
    """Gives the project another name.

    Raises:
        EditRefused: the name is empty.
    """
    return replace(spec, name=checked_name(name))


def set_data(spec: ProjectSpec, **changes: Any) -> ProjectSpec:
    """Changes data settings.

    Raises:
        EditRefused: there is no such setting.
        StudioError: a value does not fit; says what was expected.
    """
    return replace(spec, data=_changed(spec.data, changes))


def set_training(spec: ProjectSpec, **changes: Any) -> ProjectSpec:
    """Changes training settings; methods are given as `MethodSpec`.

    Raises:
        EditRefused: there is no such setting.
        StudioError: a value does not fit; says what was expected.
    """
    return replace(spec, training=_changed(spec.training, changes))


def replace_network(spec: ProjectSpec, network: NetworkSpec) -> ProjectSpec:
    """Puts another network in place of the project's (a template's, say)."""
    return with_settled(spec, network)


def add_dataset(spec: ProjectSpec, dataset: DatasetSpec) -> ProjectSpec:
    """Adds a data set.

    Raises:
        EditRefused: its id is taken.
    """
    if any(other.id == dataset.id for other in spec.datasets):
        refuse(mark("There is a data set {dataset!r} already"), dataset=dataset.id)
    return replace(spec, datasets=(*spec.datasets, dataset))


def set_dataset(spec: ProjectSpec, dataset_id: str, **changes: Any) -> ProjectSpec:
    """Changes fields of a data set (`DatasetSpec`), all but its id.

    Raises:
        EditRefused: there is no such data set or field.
    """
    known = [field.name for field in fields(DatasetSpec) if field.name != "id"]
    for name in changes:
        if name not in known:
            refuse(mark("A data set has no {field!r}"), mark("Known: {known}."), field=name, known=", ".join(known))
    _require_dataset(spec, dataset_id)
    frozen = {name: freeze(value) for name, value in changes.items()}
    return replace(
        spec,
        datasets=tuple(replace(item, **frozen) if item.id == dataset_id else item for item in spec.datasets),
    )


def remove_dataset(spec: ProjectSpec, dataset_id: str) -> ProjectSpec:
    """Removes a data set from the project (its files stay).

    Raises:
        EditRefused: there is no such data set.
    """
    _require_dataset(spec, dataset_id)
    return replace(spec, datasets=tuple(item for item in spec.datasets if item.id != dataset_id))


def _require_dataset(spec: ProjectSpec, dataset_id: str) -> None:
    if all(item.id != dataset_id for item in spec.datasets):
        refuse(mark("There is no data set {dataset!r}"), dataset=dataset_id)


def _changed(settings: _Settings, changes: dict[str, Any]) -> _Settings:
    declared: dict[str, Parameter] = {parameter.name: parameter for parameter in parameters_of(type(settings))}
    methods: list[str] = [field.name for field in fields(settings) if field.name not in declared]
    checked: dict[str, Any] = {}
    for name, value in changes.items():
        if name in declared:
            checked[name] = declared[name].check(value)
        elif name in methods and isinstance(value, MethodSpec):
            checked[name] = value
        else:
            known = ", ".join([*declared, *methods])
            refuse(mark("There is no setting {name!r}"), mark("Known: {known}."), name=name, known=known)
    return replace(settings, **checked)

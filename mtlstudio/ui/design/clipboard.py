"""Layers on the clipboard, between windows and processes: as JSON under a type of their own, and as text."""

from __future__ import annotations

import json

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, nmark
from mtlstudio.network.interface import layer_types
from mtlstudio.project.codec import fragment_from_json, fragment_to_json, to_text
from mtlstudio.project.edits import Fragment
from mtlstudio.project.graph import INPUT_TYPE, order
from mtlstudio.project.problems import ProjectFileError
from mtlstudio.project.spec import NetworkSpec

LAYERS = "application/x-mtlstudio-layers"
"""The type under which layers with their connections travel, as JSON in UTF-8."""


def as_data(fragment: Fragment) -> QMimeData:
    """Copied layers for the clipboard or a drag."""
    text, data = to_text(fragment_to_json(fragment)), QMimeData()
    data.setData(LAYERS, text.encode())
    data.setText(text)
    return data


def put_on(fragment: Fragment) -> None:
    """Puts layers on the clipboard."""
    QGuiApplication.clipboard().setMimeData(as_data(fragment))


def taken() -> Fragment:
    """The layers on the clipboard.

    Raises:
        StudioError: there are none, they are damaged, of a newer version, or of types that are not known here.
    """
    data: QMimeData | None = QGuiApplication.clipboard().mimeData()
    if data is None:  # Qt has no object for an empty clipboard
        return read("")
    return read(bytes(data.data(LAYERS).data()).decode("utf-8", "replace") if data.hasFormat(LAYERS) else data.text())


def read(text: str) -> Fragment:
    """Layers from their JSON.

    Raises:
        StudioError: as `taken`.
    """
    try:
        fragment = fragment_from_json(json.loads(text))
    except ProjectFileError as error:
        if error.newer:
            raise
        raise StudioError(mark("There are no layers on the clipboard")) from error
    except (StudioError, ValueError, RecursionError) as error:
        raise StudioError(mark("There are no layers on the clipboard")) from error
    _refuse_strange_types(fragment)
    _refuse_broken(fragment)
    return fragment


def _refuse_strange_types(fragment: Fragment) -> None:
    known = {type_.id for type_ in layer_types()}
    strange = sorted({layer.type for layer in fragment.layers} - known)
    if strange:
        raise StudioError(
            nmark("The layer type {types} is not known here", "The layer types {types} are not known here"),
            fix=mark("The layers come from another version, or need something that is not installed."),
            types=", ".join(f"“{type_}”" for type_ in strange),
            n=len(strange),
        )
    if any(layer.type == INPUT_TYPE for layer in fragment.layers):
        raise StudioError(mark("Inputs cannot be pasted"), fix=mark("A project's inputs are set up under Data."))


def _refuse_broken(fragment: Fragment) -> None:
    """Layers that are there twice, connections that lead nowhere, circles: no window makes these."""
    ids = [layer.id for layer in fragment.layers]
    ends = {end for c in fragment.connections for end in (c.source, c.target)}
    ends |= {layer_id for group in fragment.groups for layer_id in group.layers}
    damaged = StudioError(mark("The layers on the clipboard are damaged"), fix=mark("Copy them again."))
    if not ids or len(set(ids)) < len(ids) or not ends <= set(ids):
        raise damaged
    try:
        order(NetworkSpec(fragment.layers, fragment.connections))
    except StudioError as error:
        raise damaged from error

"""The refusal of an edit, and what several edits ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.edits.rewiring import settled
from mtlstudio.project.graph import ancestors, ports_used
from mtlstudio.project.spec import LayerSpec, NetworkSpec, ProjectSpec, TaskSpec


class EditRefused(StudioError):
    """An edit that makes no sense here; the sentence says why. The project stays as it was."""


def refuse(message: str, fix: str = "", /, **values: Any) -> NoReturn:
    """Raises EditRefused with a marked sentence and its values."""
    raise EditRefused(message, fix=fix, **values)


def layer_of(network: NetworkSpec, layer_id: str) -> LayerSpec:
    """The layer of that id.

    Raises:
        EditRefused: there is none.
    """
    try:
        return network.layer(layer_id)
    except KeyError:
        refuse(mark("There is no layer {layer!r}"), layer=layer_id)


def task_of(spec: ProjectSpec, task_id: str) -> TaskSpec:
    """The task of that id.

    Raises:
        EditRefused: there is none.
    """
    try:
        return spec.task(task_id)
    except KeyError:
        refuse(mark("There is no task {task!r}"), task=task_id)


def names(spec: ProjectSpec, task_ids: Iterable[str]) -> str:
    """The tasks' names in the order of the rows, for a sentence."""
    wanted = set(task_ids)
    return ", ".join(task.name for task in spec.tasks if task.id in wanted)


def with_settled(spec: ProjectSpec, network: NetworkSpec) -> ProjectSpec:
    """The project with that network, its layers' tasks brought up to date."""
    return spec.with_network(settled(network, spec.task_ids))


def only_port(network: NetworkSpec, layer: LayerSpec) -> str:
    """The one output port of a layer that is in use; `out` where none is, or `out` among several.

    Raises:
        EditRefused: it is not clear which is meant.
    """
    used = ports_used(network, layer.id)
    if len(used) > 1 and "out" not in used:
        refuse(mark("“{layer}” has several outputs in use: choose one of its connections"), layer=layer.name)
    return used[0] if len(used) == 1 else "out"


def refuse_circle(network: NetworkSpec, layer: LayerSpec) -> None:
    """Raises EditRefused where a layer depends on itself."""
    if layer.id in ancestors(network, layer.id):
        refuse(mark("“{layer}” would depend on its own output"), layer=layer.name)

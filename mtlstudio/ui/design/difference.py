"""What sets two designs apart: layers added, gone and changed, who shares what, the wiring. Pure, no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mtlstudio.base.declare import Parameter
from mtlstudio.base.texts import tr
from mtlstudio.network.interface import layer_type
from mtlstudio.project.graph import lineage
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, ProjectSpec

Kind = Literal["added", "missing", "changed"]


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        kind: a layer is there only now (`added`), only in the other design (`missing`), or differs (`changed`).
        layer: id of the layer; "" for tasks and settings.
        about: `layer`, `parameters`, `sharing`, `training`, `connections`, `name`, `task` or `output`.
        text: in words, translated.
    """

    kind: Kind
    layer: str
    about: str
    text: str


@dataclass(frozen=True)
class Difference:
    """All differences of a design from another one, and the layers to highlight.

    Attributes:
        marks: layer id -> kind, of layers of the new design; `missing` are not in it.
        partners: layer id of the new design -> its id in the other one.
    """

    changes: tuple[Change, ...]
    marks: dict[str, Kind]
    partners: dict[str, str]

    @property
    def missing(self) -> tuple[Change, ...]:
        """Layers that only the other design has."""
        return tuple(change for change in self.changes if change.kind == "missing" and change.about == "layer")


def difference(now: ProjectSpec, other: ProjectSpec) -> Difference:
    """How `now` differs from `other`.

    Layers are the same where their ids are; layers of another id are paired where type, name and tasks agree and
    nothing else does so.
    """
    partners = _partners(now, other)
    before = {layer.id: layer for layer in other.network.layers}
    taken = set(partners.values())
    changes: list[Change] = list(_tasks(now, other))
    marks: dict[str, Kind] = {}
    for layer in now.network.layers:
        old = before.get(partners.get(layer.id, ""))
        found = [_added(now, layer, before)] if old is None else _changes(now, other, layer, old)
        if found:
            marks[layer.id] = found[0].kind
            changes += found
    for old in other.network.layers:
        if old.id not in taken:
            values = {"layer": old.name, "type": _type(old), "tasks": _names(other, old.tasks)}
            changes.append(Change("missing", old.id, "layer", tr("{layer} is not there · {type} · {tasks}", **values)))
    for change in _wiring(now, other, partners):
        if change.layer not in marks:
            marks[change.layer] = "changed"
        if marks[change.layer] == "changed":
            changes.append(change)
    return Difference(tuple(changes), marks, partners)


def _added(now: ProjectSpec, layer: LayerSpec, before: Mapping[str, LayerSpec]) -> Change:
    values = {"layer": layer.name, "type": _type(layer), "tasks": _names(now, layer.tasks)}
    if layer.origin in before:
        return Change("added", layer.id, "layer", tr("{layer} is a new copy for {tasks}", **values))
    return Change("added", layer.id, "layer", tr("{layer} is new · {type} · {tasks}", **values))


def _partners(now: ProjectSpec, other: ProjectSpec) -> dict[str, str]:
    """Layer id -> id of the same layer in the other design."""
    known = {layer.id: layer for layer in other.network.layers}
    same = {
        layer.id: layer.id for layer in now.network.layers if layer.id in known and known[layer.id].type == layer.type
    }
    free = [layer for layer in other.network.layers if layer.id not in same]
    for layer in now.network.layers:
        if layer.id in same:
            continue
        alike = [old for old in free if (old.type, old.name, old.tasks) == (layer.type, layer.name, layer.tasks)]
        if len(alike) == 1:
            same[layer.id] = alike[0].id
            free.remove(alike[0])
    return same


def _changes(now: ProjectSpec, other: ProjectSpec, layer: LayerSpec, old: LayerSpec) -> list[Change]:
    found: list[Change] = []

    def add(about: str, text: str) -> None:
        found.append(Change("changed", layer.id, about, text))

    for name, label, default in _parameters(layer):
        before, after = old.parameters.get(name, default), layer.parameters.get(name, default)
        if before != after:
            values = {"layer": layer.name, "name": label, "before": _word(before), "after": _word(after)}
            add("parameters", tr("{layer}: {name} {before} → {after}", **values))
    if layer.tasks != old.tasks:
        values = {"layer": layer.name, "before": _names(other, old.tasks), "after": _names(now, layer.tasks)}
        add("sharing", tr("{layer} serves {after} instead of {before}", **values))
    if layer.frozen != old.frozen:
        add("training", (tr("{layer} is frozen", layer=layer.name) if layer.frozen else
                         tr("{layer} is trained, it was frozen", layer=layer.name)))  # fmt: skip
    if layer.bypassed != old.bypassed:
        add("training", (tr("{layer} is bypassed", layer=layer.name) if layer.bypassed else
                         tr("{layer} is in use, it was bypassed", layer=layer.name)))  # fmt: skip
    if layer.learning_rate_factor != old.learning_rate_factor:
        values = {
            "layer": layer.name, "before": f"{old.learning_rate_factor:g}", "after": f"{layer.learning_rate_factor:g}",
        }  # fmt: skip
        add("training", tr("{layer}: learning rate × {before} → {after}", **values))
    if layer.name != old.name:
        add("name", tr("{layer} was called {before}", layer=layer.name, before=old.name))
    return found


def _wiring(now: ProjectSpec, other: ProjectSpec, partners: dict[str, str]) -> list[Change]:
    """Layers of both designs that get their inputs from elsewhere; a copy stands for what it was copied from."""
    found = []
    there = {layer.id for layer in other.network.layers}

    def known(source: str) -> str:
        return partners.get(source) or next((i for i in lineage(now.network, source) if i in there), "")

    names = {layer.id: layer.name for layer in now.network.layers}
    old_names = {layer.id: layer.name for layer in other.network.layers}
    for layer_id, partner in partners.items():
        after, before = _sources(now.network, layer_id), _sources(other.network, partner)
        translated = [(known(source), port, target) for source, port, target in after]
        if sorted(translated) == sorted(before):
            continue
        values = {
            "layer": names[layer_id],
            "after": ", ".join(names[source] for source, _port, _target in after if source in names) or "—",
            "before": ", ".join(old_names[source] for source, _port, _target in before if source in old_names) or "—",
        }
        text = (
            tr("{layer} takes other ports of {after}", **values)
            if values["after"] == values["before"]
            else tr("{layer} follows {after} instead of {before}", **values)
        )
        found.append(Change("changed", layer_id, "connections", text))
    return found


def _sources(network: NetworkSpec, layer_id: str) -> list[tuple[str, str, str]]:
    into: list[Connection] = [c for c in network.connections if c.target == layer_id]
    return [(c.source, c.source_port, c.target_port) for c in into]


def _tasks(now: ProjectSpec, other: ProjectSpec) -> list[Change]:
    known, new = {task.id: task for task in other.tasks}, {task.id: task for task in now.tasks}
    found = [Change("added", "", "task", tr("The task {task} is new", task=new[i].name)) for i in new if i not in known]
    found += [
        Change("missing", "", "task", tr("The task {task} is not there", task=known[i].name))
        for i in known
        if i not in new
    ]
    if now.data.image_size != other.data.image_size:
        values = {"before": other.data.image_size, "after": now.data.image_size}
        found.append(Change("changed", "", "task", tr("Pictures of {before} → {after} pixels", **values)))
    return found


def _parameters(layer: LayerSpec) -> list[tuple[str, str, Any]]:
    """(name, label, default) of each parameter; of a type that is not there, of what it says itself."""
    try:
        declared: tuple[Parameter, ...] = layer_type(layer.type).parameters
    except KeyError:
        return [(name, name, None) for name in layer.parameters]
    return [(item.name, tr(item.label) if item.label else item.name, item.default) for item in declared]


def _type(layer: LayerSpec) -> str:
    try:
        return tr(layer_type(layer.type).name)
    except KeyError:
        return layer.type


def _names(spec: ProjectSpec, tasks: frozenset[str]) -> str:
    if len(tasks) == len(spec.tasks) > 1:
        return tr("all {n}", n=len(tasks))
    return " + ".join(task.name for task in spec.tasks if task.id in tasks) or "—"


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    return "—" if value is None or value == "" else f"{value:g}" if isinstance(value, float) else str(value)

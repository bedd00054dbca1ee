"""In what the snapshots of several runs differ: settings field by field, networks by what was changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtlstudio.project.codec import to_json
from mtlstudio.project.spec import ProjectSpec

NETWORK = "network"
NOT_A_CAUSE = ("training.seed", "training.device", "training.threads", "training.checkpoint_steps", "data.workers")
"""Fields that are told but explain no difference by themselves; nor do names and colours."""

_NOT_SETTINGS = ("format", "version", "name", "network", "task_groups")


@dataclass(frozen=True)
class FieldChange:
    """A field that is not the same everywhere.

    Attributes:
        field: its path, as `--set` writes it.
        values: one per run, in their order; None where a run has no such field.
    """

    field: str
    values: tuple[Any, ...]

    @property
    def area(self) -> str:
        """What it belongs to: data, training, tasks, datasets, inputs."""
        return self.field.partition(".")[0]

    @property
    def is_cause(self) -> bool:
        """Whether a difference of the results may come from it (the seed is told, but is no cause)."""
        return self.field not in NOT_A_CAUSE and not self.field.endswith((".name", ".colour"))


@dataclass(frozen=True)
class NetworkChange:
    """How a network differs from another one; ids of layers.

    Attributes:
        added, missing: layers that only the one, only the other has.
        changed: layers of both whose type, parameters or way of training differ.
        shared: layers of both that other tasks share.
        rewired: layers of both that get their inputs from elsewhere.
    """

    added: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    rewired: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.added, self.missing, self.changed, self.shared, self.rewired))

    def as_json(self) -> dict[str, list[str]]:
        """For `--json`."""
        return {name: list(getattr(self, name)) for name in self.__dataclass_fields__}


def setting_changes(specs: Sequence[ProjectSpec]) -> list[FieldChange]:
    """The fields of data, tasks and training that are not the same in all projects; the network is left out."""
    flat = [_flat({key: value for key, value in to_json(spec).items() if key not in _NOT_SETTINGS}) for spec in specs]
    found = []
    for field in dict.fromkeys(field for values in flat for field in values):
        values = tuple(one.get(field) for one in flat)
        if any(value != values[0] for value in values):
            found.append(FieldChange(field, values))
    return found


def shown(value: Any) -> str:
    """A value in a line of text; of a list of stages and the like their names in order."""
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and "name" in item for item in value):
        return " → ".join(str(item["name"]) for item in value)
    return str(value)


def network_change(now: ProjectSpec, other: ProjectSpec) -> NetworkChange:
    """How the network of `now` differs from that of `other`; layers are the same where their ids are. Names, groups
    and the order of lists do not count."""
    layers, old = ({layer.id: layer for layer in spec.network.layers} for spec in (now, other))
    both = [layer_id for layer_id in layers if layer_id in old]

    def core(layer: Any) -> tuple[Any, ...]:
        return layer.type, layer.parameters, layer.frozen, layer.bypassed, layer.learning_rate_factor

    sources, old_sources = _sources(now), _sources(other)
    return NetworkChange(
        added=tuple(i for i in layers if i not in old),
        missing=tuple(i for i in old if i not in layers),
        changed=tuple(i for i in both if core(layers[i]) != core(old[i])),
        shared=tuple(i for i in both if layers[i].tasks != old[i].tasks),
        rewired=tuple(i for i in both if sources.get(i) != old_sources.get(i)),
    )


def causes(specs: Sequence[ProjectSpec]) -> list[str]:
    """What may explain a difference between results: fields, and `network` where one of the networks differs. With
    more than one of them no single one can be credited."""
    found = [change.field for change in setting_changes(specs) if change.is_cause]
    if any(network_change(spec, specs[0]) for spec in specs[1:]):
        found.insert(0, NETWORK)
    return found


def _sources(spec: ProjectSpec) -> dict[str, Any]:
    """Layer id -> what goes in, port by port (of one port in the order of the list), and which tasks end there."""
    found: dict[str, Any] = {}
    for wire in spec.network.connections:
        found.setdefault(wire.target, {}).setdefault(wire.target_port, []).append((wire.source, wire.source_port))
    for output in spec.network.outputs:
        found.setdefault(output.layer, {}).setdefault("", set()).add((output.task, output.port))
    return found


def _flat(values: Any, path: str = "") -> dict[str, Any]:
    """Path -> value; lists of named things are entered by their ids, parameters stand directly behind their thing."""
    if isinstance(values, Mapping):
        items: Any = values.items()
    elif isinstance(values, list) and values and all(isinstance(item, Mapping) and "id" in item for item in values):
        items = [(item["id"], {key: value for key, value in item.items() if key != "id"}) for item in values]
    else:
        return {path: values}
    found: dict[str, Any] = {}
    for key, value in items:
        inner = path if key == "parameters" and path else f"{path}.{key}" if path else str(key)
        found.update(_flat(value, inner))
    return found

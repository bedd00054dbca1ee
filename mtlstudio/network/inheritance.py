"""What trained weights the layers of a network get from a run: said layer by layer, foreseen from two designs. No torch.

A layer inherits from the layer of the run that has its id, else from the one it was copied from (`origin`, and so on),
else from one that was copied from it or from the same layer. Types must be equal; tensors fit by name and size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mtlstudio.base.declare import complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.network.interface import layer_type
from mtlstudio.network.outputs import output_channels
from mtlstudio.network.wiring import wiring
from mtlstudio.project.graph import by_id, lineage, reaches
from mtlstudio.project.spec import LayerSpec, NetworkSpec, ProjectSpec

_BARE_GROUPS = {"input", "pooling", "resampling", "merge"}
_BARE_TYPES = {"dropout", "activation", "flatten", "stop_gradient", "to_sequence"}
_WITH_WEIGHTS = {"transposed_convolution", "joint"}


class Heritage(StrEnum):
    """Where a layer's start weights come from."""

    ITSELF = "itself"
    COPIED = "copied"
    PARTLY = "partly"
    ANEW = "anew"


@dataclass(frozen=True)
class InheritedLayer:
    """What one layer gets.

    Attributes:
        layer: its id.
        name: what people call it; with its tasks where others have the same name.
        kind: all from its own earlier self, all from another layer, some, or none.
        source: id of the layer of the run whose weights it takes; "" where there is none.
        source_name: what people call that.
        taken, anew: names of its weights that are inherited and that start anew; empty while they are only foreseen.
        reason: why not all are inherited, marked for translation; `values` fill it.
    """

    layer: str
    name: str
    kind: Heritage
    source: str = ""
    source_name: str = ""
    taken: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()
    reason: str = ""
    values: tuple[tuple[str, str], ...] = ()

    def why(self) -> str:
        """The reason in words; "" where all is inherited."""
        return tr(self.reason, **dict(self.values)) if self.reason else ""

    def text(self) -> str:
        """The statement in words."""
        if self.kind is Heritage.ITSELF:
            return tr("“{layer}” keeps its weights.", layer=self.name)
        if self.kind is Heritage.COPIED:
            return tr("“{layer}” takes a copy of the weights of “{source}”.", layer=self.name, source=self.source_name)
        if self.kind is Heritage.ANEW:
            return tr("“{layer}” starts anew: {reason}.", layer=self.name, reason=self.why())
        if not self.taken:
            return tr("“{layer}” takes what fits of “{source}”: {reason}.", layer=self.name, source=self.source_name,
                      reason=self.why())  # fmt: skip
        return tr(
            "“{layer}” takes {taken} of its {all} weights from “{source}”, the rest starts anew: {reason}.",
            layer=self.name, taken=len(self.taken), all=len(self.taken) + len(self.anew), source=self.source_name,
            reason=self.why(),
        )  # fmt: skip


@dataclass(frozen=True)
class LostLayer:
    """A layer of the run whose trained weights nobody takes; `instead`: its relative here, which takes other ones."""

    layer: str
    name: str
    instead: str = ""

    def text(self) -> str:
        """The statement in words."""
        if self.instead:
            return tr("The weights of “{layer}” are lost: “{other}” has others.", layer=self.name, other=self.instead)
        return tr("The weights of “{layer}” are lost: no layer here takes them.", layer=self.name)


@dataclass(frozen=True)
class Inheritance:
    """What the layers of a network get from a run.

    Attributes:
        run: its id.
        layers: those that have weights, in the network's order.
        lost: layers of the run whose weights nobody takes.
    """

    run: str
    layers: tuple[InheritedLayer, ...]
    lost: tuple[LostLayer, ...] = ()

    def of(self, layer_id: str) -> InheritedLayer | None:
        """What a layer gets; None where it has no weights."""
        return next((item for item in self.layers if item.layer == layer_id), None)

    def of_kind(self, kind: Heritage) -> tuple[InheritedLayer, ...]:
        """The layers of one kind."""
        return tuple(item for item in self.layers if item.kind is kind)

    def summary(self) -> str:
        """One line: how many layers get what."""
        words: dict[Heritage, Callable[[int], str]] = {
            Heritage.ITSELF: lambda n: ntr("{n} layer keeps its weights", "{n} layers keep their weights", n),
            Heritage.COPIED: lambda n: ntr("{n} takes a copy", "{n} take a copy", n),
            Heritage.PARTLY: lambda n: ntr("{n} takes what fits", "{n} take what fits", n),
            Heritage.ANEW: lambda n: ntr("{n} starts anew", "{n} start anew", n),
        }
        parts = [words[kind](count) for kind in Heritage if (count := len(self.of_kind(kind)))]
        if self.lost:
            parts.append(ntr("the weights of {n} layer are lost", "the weights of {n} layers are lost", len(self.lost)))
        return ", ".join(parts) or tr("nothing to inherit")

    def lines(self) -> list[str]:
        """What is not simply kept, a sentence each."""
        told = [item.text() for item in self.layers if item.kind is not Heritage.ITSELF]
        return [*told, *(item.text() for item in self.lost)]

    def as_plain(self) -> dict[str, Any]:
        """As JSON values, for the log of a run."""
        return {
            "run": self.run,
            "layers": [{**asdict(item), "kind": item.kind.value} for item in self.layers],
            "lost": [asdict(item) for item in self.lost],
        }

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Inheritance:
        """What `as_plain` wrote."""
        layers = [
            InheritedLayer(
                **{
                    **item, "kind": Heritage(item["kind"]), "taken": tuple(item["taken"]), "anew": tuple(item["anew"]),
                    "values": tuple((str(name), str(value)) for name, value in item["values"]),
                }
            )
            for item in values["layers"]
        ]  # fmt: skip
        return cls(str(values["run"]), tuple(layers), tuple(LostLayer(**item) for item in values["lost"]))


Reason = tuple[str, tuple[tuple[str, str], ...]]
"""A marked sentence without its full stop, and its values."""


class Kinship:
    """Two designs laid side by side.

    Args:
        now: the design whose layers inherit.
        then: that of the run.
        trained: ids of the layers of the run that have weights.
    """

    def __init__(self, now: ProjectSpec, then: ProjectSpec, trained: Iterable[str]) -> None:
        self.now, self.then, self.trained = now, then, set(trained)
        self._then = by_id(then.network)
        self._lines = {layer.id: lineage(now.network, layer.id) for layer in now.network.layers}
        self._past = {layer.id: lineage(then.network, layer.id) for layer in then.network.layers}
        self._channels = output_channels(now, wiring(now.network)), output_channels(then, wiring(then.network))
        self._names = names(now), names(then)

    def name(self, layer_id: str) -> str:
        """What people call a layer of the design now."""
        return self._names[0][layer_id]

    def past_name(self, layer_id: str) -> str:
        """What people call a layer of the run."""
        return self._names[1][layer_id]

    def source(self, layer: LayerSpec) -> LayerSpec | None:
        """The layer of the run that a layer inherits from: the nearest relative of its type with weights; else the
        nearest relative, from which it gets nothing."""
        nearest: LayerSpec | None = None
        for layer_id in self._relatives(layer):
            other = self._then[layer_id]
            if other.type == layer.type and other.id in self.trained:
                return other
            nearest = nearest or other
        return nearest

    def reason(self, layer: LayerSpec, source: LayerSpec | None) -> Reason | None:
        """Why a layer can inherit nothing at all from its relative; None where it can."""
        if source is None:
            return mark("it is not in the run"), ()
        if source.type != layer.type:
            now, then = (_type_name(item.type) for item in (layer, source))
            return mark("it was of type {then}, now of type {now}"), (("then", then), ("now", now))
        if source.id not in self.trained:
            return mark("it had no weights in the run"), ()
        return None

    def difference(self, layer: LayerSpec, source: LayerSpec) -> Reason | None:
        """What may keep some weights of a relative from fitting; None where nothing is known."""
        now, then = self._channels[0].get(layer.id), self._channels[1].get(source.id)
        if now != then and now is not None and then is not None:
            return mark("its task has {now} outputs, then {then}"), (("now", str(now)), ("then", str(then)))
        values, past = _complete(layer), _complete(source)
        for name in dict.fromkeys([*values, *past]):
            if values.get(name) != past.get(name):
                both = (("parameter", name), ("now", str(values.get(name))), ("then", str(past.get(name))))
                return mark("its {parameter} is {now}, then {then}"), both
        return None

    def heir(self, layer_id: str) -> str:
        """The name of the layer now that stands nearest to a layer of the run; "" where none is related to it."""
        family = set(self._past[layer_id])
        past = self._then[layer_id]
        related = [
            layer
            for layer in self.now.network.layers
            if layer.type == past.type and family & set(self._lines[layer.id])
        ]
        related.sort(key=lambda layer: -len(layer.tasks & past.tasks))
        return self.name(related[0].id) if related else ""

    def relatives(self, layer_id: str) -> list[str]:
        """Layers of the run of the same family as a layer of the run, nearest first, without itself."""
        family = set(self._past[layer_id])
        return [other for other, line in self._past.items() if other != layer_id and family & set(line)]

    def _relatives(self, layer: LayerSpec) -> Iterator[str]:
        line = self._lines[layer.id]
        direct = [layer_id for layer_id in line if layer_id in self._then]
        if len(direct) > 1 and direct[0] == layer.id and not set(self._past[layer.id]) & set(line[1:]):
            direct.append(direct.pop(0))  # an id that was used again for a copy of something else
        yield from direct
        others = [other for other, past in self._past.items() if other not in direct and not set(line).isdisjoint(past)]
        yield from sorted(others, key=lambda other: -len(self._then[other].tasks & layer.tasks))


def preview(
    now: ProjectSpec, then: ProjectSpec, run: str = "", sizes: tuple[Mapping[str, int], Mapping[str, int]] | None = None
) -> Inheritance:
    """What the layers of a design would inherit from a run, foreseen from the two designs.

    Args:
        now: the design.
        then: the run's snapshot.
        run: its id.
        sizes: number of weights by layer id of the two, where they are known (`Analysis.layers[…].parameters`): then
            layers whose sizes differ are told apart from those that fit.
    """
    living = _living(then.network)
    trained = {layer.id for layer in living if _has_weights(layer, sizes[1] if sizes else None)}
    kin = Kinship(now, then, trained)
    layers, used = [], set[str]()
    for layer in _living(now.network):
        if not _has_weights(layer, sizes[0] if sizes else None):
            continue
        source = kin.source(layer)
        reason = kin.reason(layer, source)
        if source is None or reason is not None:
            assert reason is not None
            layers.append(InheritedLayer(layer.id, kin.name(layer.id), Heritage.ANEW, "", "", (), (), *reason))
            continue
        used.add(source.id)
        layers.append(_foreseen(kin, layer, source, sizes))
    lost = [LostLayer(layer.id, kin.past_name(layer.id), kin.heir(layer.id))
            for layer in living if layer.id in trained - used]  # fmt: skip
    return Inheritance(run, tuple(layers), tuple(lost))


def _foreseen(
    kin: Kinship, layer: LayerSpec, source: LayerSpec, sizes: tuple[Mapping[str, int], Mapping[str, int]] | None
) -> InheritedLayer:
    kind = Heritage.ITSELF if source.id == layer.id else Heritage.COPIED
    difference = kin.difference(layer, source)
    known = sizes is not None and layer.id in sizes[0] and source.id in sizes[1]
    unlike = known and sizes is not None and sizes[0][layer.id] != sizes[1][source.id]
    named = kin.name(layer.id), kin.past_name(source.id)
    if unlike or (difference is not None and not known):
        reason = difference or OTHER_INPUT
        head = difference is not None and reason[0] == _HEAD and layer_type(layer.type).group == "head"
        partly = Heritage.ANEW if head else Heritage.PARTLY
        return InheritedLayer(layer.id, named[0], partly, source.id, named[1], (), (), *reason)
    return InheritedLayer(layer.id, named[0], kind, source.id, named[1])


OTHER_INPUT: Reason = (mark("its inputs have other channels"), ())
_HEAD = mark("its task has {now} outputs, then {then}")


def names(spec: ProjectSpec) -> dict[str, str]:
    """What people call each layer: its name, with its tasks where others of the network have the same."""
    count: dict[str, int] = {}
    for layer in spec.network.layers:
        count[layer.name] = count.get(layer.name, 0) + 1
    tasks = {task.id: task.name for task in spec.tasks}
    return {
        layer.id: layer.name
        if count[layer.name] == 1
        else tr("{layer} ({tasks})", layer=layer.name, tasks=", ".join(tasks[t] for t in tasks if t in layer.tasks))
        for layer in spec.network.layers
    }


def _living(network: NetworkSpec) -> list[LayerSpec]:
    """The layers that are built: those that an output depends on and that are not bypassed."""
    reach = reaches(network)
    return [layer for layer in network.layers if reach[layer.id] and not layer.bypassed]


def _has_weights(layer: LayerSpec, sizes: Mapping[str, int] | None) -> bool:
    if sizes is not None and layer.id in sizes:
        return sizes[layer.id] > 0
    try:
        group = layer_type(layer.type).group
    except KeyError:
        return False
    return layer.type in _WITH_WEIGHTS or (group not in _BARE_GROUPS and layer.type not in _BARE_TYPES)


def _complete(layer: LayerSpec) -> Mapping[str, Any]:
    """The parameters with their defaults, but for where weights come from."""
    try:
        values = complete(layer_type(layer.type).parameters, layer.parameters)
    except (KeyError, StudioError):
        values = dict(layer.parameters)
    return {name: value for name, value in values.items() if name not in ("weights", "weights_file")}


def _type_name(type_id: str) -> str:
    try:
        return tr(layer_type(type_id).name)
    except KeyError:
        return type_id

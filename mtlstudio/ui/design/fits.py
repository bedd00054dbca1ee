"""What fits where: layer types on connections, connections on ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtlstudio.base.declare import complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape, layer_type
from mtlstudio.project.graph import INPUT_TYPE, ancestors, incoming
from mtlstudio.project.lanes import lane_of
from mtlstudio.project.spec import Connection, LayerSpec, ProjectSpec

_FEATURES = 8
"""Fewer channels are a picture's, or a map's that comes beside it."""


@dataclass(frozen=True)
class Join:
    """One way to connect two layers.

    Attributes:
        label: names the ports where there is a choice.
        shape: what would flow.
        variadic: the target's port takes several.
        instead: name of the layer whose connection it would replace; "" where the port is free.
    """

    connection: Connection
    label: str
    shape: Shape | None
    variadic: bool
    instead: str = ""


def fitting(
    spec: ProjectSpec, analysis: Analysis | None, type_id: str, parameters: Mapping[str, Any]
) -> tuple[Connection, ...]:
    """The connections that a layer of that type can be put on; those of unknown shape are among them."""
    try:
        type_ = layer_type(type_id)
    except KeyError:
        return ()
    known: dict[Shape | None, bool] = {}
    found = []
    for connection in spec.network.connections:
        shape = shape_at(analysis, connection.source, connection.source_port)
        if shape not in known:
            known[shape] = fits(spec, type_, parameters, shape)
        if known[shape]:
            found.append(connection)
    return tuple(found)


def shape_at(analysis: Analysis | None, layer_id: str, port: str = "out") -> Shape | None:
    """The shape of what comes out of a layer; None while it is unknown."""
    report = analysis.layers.get(layer_id) if analysis is not None else None
    return report.output_shapes.get(port) if report is not None else None


def fits(spec: ProjectSpec, type_: LayerType, parameters: Mapping[str, Any], shape: Shape | None) -> bool:
    """Whether a layer type can take features of that shape."""
    return not refusal(spec, type_, parameters, shape)


def refusal(spec: ProjectSpec, type_: LayerType, parameters: Mapping[str, Any], shape: Shape | None) -> str:
    """Why a layer type cannot take features of that shape; "" where it can, or where the shape is not known."""
    if type_.group == "head":
        return tr("Heads come with their task")
    try:
        values = complete(type_.parameters, parameters)
        ports = type_.input_ports(values)
        if type_.crosses:
            return "" if shape is None or len(shape) == 3 else tr("It mixes maps")
        if not ports:
            return tr("Nothing leads into it")
        if shape is not None:
            type_.check(values, {ports[0].name: (shape,)}, BuildContext(spec.data.image_size))
    except StudioError as error:
        error.values["layer"] = tr(type_.name)
        return error.text()
    except (KeyError, IndexError):  # it looks at its other ports, too, which nothing is connected to yet
        return ""
    return ""


def adapted(type_: LayerType, shape: Shape | None) -> dict[str, Any]:
    """Parameters of a new layer that keep the channels it is given, so that what follows still fits.

    The few channels of a picture or a map are no measure for features: there the type's own default stays.
    """
    names = {parameter.name for parameter in type_.parameters}
    if (
        shape is not None
        and len(shape) == 3
        and shape[0] >= _FEATURES
        and "out_channels" in names
        and type_.group in ("convolution", "resampling")
    ):
        return {"out_channels": shape[0]}
    return {}


class Joiner:
    """Finds the ways to connect a layer to others."""

    def __init__(self, spec: ProjectSpec, analysis: Analysis | None, source: str, port: str = "") -> None:
        """
        Args:
            port: the output port to start from; "" any.
        """
        self._spec, self._analysis, self._port = spec, analysis, port
        self._source = spec.network.layer(source)
        self._above = ancestors(spec.network, source)
        self._into = incoming(spec.network)
        self._main = main_output(spec, source)
        self._outputs = output_ports(self._source)

    def to(self, target: str) -> list[Join]:
        """All ways to connect it to another layer, likeliest first.

        Raises:
            StudioError: there is none; says why.
        """
        one, two = self._source, self._spec.network.layer(target)
        names = {"source": one.name, "target": two.name}
        if two.type == INPUT_TYPE:
            raise StudioError(mark("“{target}” is where the pictures come in; nothing leads into it"), **names)
        if one.id == target or target in self._above:
            raise StudioError(mark("“{target}” would depend on its own output"), **names)
        inputs = input_ports(two)
        used = {c.target_port for c in self._into[target]}
        free = [p for p in inputs if p.variadic or p.name not in used] or list(inputs)
        found: list[Join] = []
        why: StudioError | None = None
        for leaving in self._outputs:
            for entering in free:
                made = Connection(one.id, target, leaving.name, entering.name)
                if not self._allows(made, one, two):
                    continue
                shape = shape_at(self._analysis, one.id, leaving.name)
                unfit = self._unfit(two, entering, shape)
                why = why or unfit
                if unfit is None:
                    label = _label(self._spec, leaving, entering, self._outputs, free)
                    taken = [c.source for c in self._into[target] if c.target_port == entering.name]
                    old = self._spec.network.layer(taken[0]).name if taken and not entering.variadic else ""
                    found.append(Join(made, label, shape, entering.variadic, old))
        if not found:
            raise why or StudioError(mark("“{source}” and “{target}” are connected already"), **names)
        return sorted(found, key=lambda join: join.connection.source_port != self._main)

    def _allows(self, made: Connection, one: LayerSpec, two: LayerSpec) -> bool:
        """Whether the ports may meet: the wanted one, not connected so yet, lanes only with those of their task."""
        if (self._port and made.source_port != self._port) or made in self._into[made.target]:
            return False
        leaving, entering = lane_of(made.source_port), lane_of(made.target_port)
        if leaving is not None and entering is not None:
            return leaving == entering
        return leaving in (None, *two.tasks) and entering in (None, *one.tasks)

    def _unfit(self, target: LayerSpec, port: Port, shape: Shape | None) -> StudioError | None:
        """Why a layer cannot take features of that shape at a port, given what it takes at the others."""
        if shape is None:
            return None
        try:
            type_ = layer_type(target.type)
            values = complete(type_.parameters, target.parameters)
            shapes: dict[str, tuple[Shape, ...]] = {}
            for c in self._into[target.id]:
                known = shape_at(self._analysis, c.source, c.source_port)
                if known is not None and (c.target_port != port.name or port.variadic):
                    shapes[c.target_port] = (*shapes.get(c.target_port, ()), known)
            shapes[port.name] = (*shapes.get(port.name, ()), shape)
            type_.check(values, shapes, BuildContext(self._spec.data.image_size))
        except StudioError as error:
            error.values["layer"] = target.name
            return error
        except (KeyError, IndexError):  # it looks at its other ports, too, which nothing is connected to yet
            return None
        return None


def input_ports(layer: LayerSpec) -> tuple[Port, ...]:
    """The input ports that a layer has now."""
    try:
        type_ = layer_type(layer.type)
        return type_.input_ports(complete(type_.parameters, layer.parameters), sorted(layer.tasks))
    except (KeyError, StudioError):
        return ()


def output_ports(layer: LayerSpec) -> tuple[Port, ...]:
    """The output ports that a layer has now."""
    try:
        type_ = layer_type(layer.type)
        return type_.output_ports(complete(type_.parameters, layer.parameters), sorted(layer.tasks))
    except (KeyError, StudioError):
        return ()


def main_output(spec: ProjectSpec, layer_id: str) -> str:
    """The output port that a new connection starts from: `out`, else the last."""
    names = [port.name for port in output_ports(spec.network.layer(layer_id))]
    return "out" if "out" in names or not names else names[-1]


def _label(spec: ProjectSpec, leaving: Port, entering: Port, outputs: tuple[Port, ...], inputs: list[Port]) -> str:
    """What is to be chosen: the port of the source, of the target, or both."""
    words = [port_words(spec, port) for port, ports in ((leaving, outputs), (entering, inputs)) if len(ports) > 1]
    return " → ".join(words)


def port_words(spec: ProjectSpec, port: Port) -> str:
    """A port's name for a person: a lane has its task's."""
    task = lane_of(port.name)
    if task is not None and task in spec.task_ids:
        return spec.task(task).name
    return tr(port.label) if port.label else port.name

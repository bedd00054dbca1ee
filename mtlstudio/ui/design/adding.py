"""How a new layer finds its place and its connections. Pure: project -> project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtlstudio.base.declare import complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.interface import LayerType, Port, layer_type
from mtlstudio.project import edits
from mtlstudio.project.graph import ancestors, crossing, main_connection, order, ports_used
from mtlstudio.project.lanes import lane
from mtlstudio.project.spec import Connection, Output, ProjectSpec
from mtlstudio.ui.design.fits import adapted, input_ports, main_output, shape_at
from mtlstudio.ui.design.places import Place, loose_ends

SKIP = "skip"


class Adder:
    """Puts layers of one type into a project.

    Args:
        analysis: shapes at hand, of the project as it was before.
    """

    def __init__(self, type_: LayerType, analysis: Analysis | None) -> None:
        self.type, self._analysis, self.name = type_, analysis, tr(type_.name)

    def on(self, spec: ProjectSpec, at: Connection) -> tuple[ProjectSpec, str]:
        """On a connection."""
        parameters = adapted(self.type, shape_at(self._analysis, at.source, at.source_port))
        ports = way_ports(self.type, parameters)
        spec, made = edits.insert_on_connection(
            spec, at, self.type.id, self.name, parameters, input_port=ports[0], output_port=ports[1]
        )
        return self._tied(spec, made, at.source, at.source_port), made

    def behind(
        self, spec: ProjectSpec, after: str, tasks: frozenset[str] = frozenset(), port: str = ""
    ) -> tuple[ProjectSpec, str]:
        """Behind a layer, on the ways of some tasks; before it where it is a head.

        Where these tasks share what comes next with others, it becomes a branch that nothing is led through yet.
        """
        layer = spec.network.layer(after)
        wanted = (tasks & layer.tasks) or layer.tasks
        if is_head(layer.type) and not is_head(self.type.id):
            way = main_connection(spec.network, after)
            if way is not None:
                return self.on(spec, way)
        if after in crossing(spec.network) and not port:
            return self._behind_lane(spec, after, next(t for t in spec.task_ids if t in wanted))
        port = port or _port_behind(spec, after) or ""
        parameters = adapted(self.type, shape_at(self._analysis, after, port or "out"))
        ports = way_ports(self.type, parameters)
        try:
            spec, made = edits.insert_after(
                spec, after, self.type.id, self.name, parameters, wanted,
                port=port or None, input_port=ports[0], output_port=ports[1],
            )  # fmt: skip
        except edits.EditRefused:
            if wanted == layer.tasks:
                raise
            return self.branch(spec, after, wanted, port)
        return self._tied(spec, made, after, port or main_output(spec, after)), made

    def branch(self, spec: ProjectSpec, after: str, tasks: frozenset[str], port: str = "") -> tuple[ProjectSpec, str]:
        """Fed by a layer; nothing is led through it yet."""
        port = port or main_output(spec, after)
        parameters = adapted(self.type, shape_at(self._analysis, after, port))
        spec, made = edits.add_layer(spec, self.type.id, self.name, parameters, tasks)
        entry = way_ports(self.type, parameters)[0]
        spec = edits.connect(spec, Connection(after, made, port, entry), variadic=_is_variadic(spec, made, entry))
        return self._tied(spec, made, after, port), made

    def _behind_lane(self, spec: ProjectSpec, after: str, task: str) -> tuple[ProjectSpec, str]:
        """Behind a layer between tasks, on the way of one of them."""
        port = lane(task)
        ways: list[Connection | Output] = [
            c for c in spec.network.connections if (c.source, c.source_port) == (after, port)
        ]
        ways += [o for o in spec.network.outputs if (o.layer, o.port) == (after, port)]
        if not ways:
            return self.branch(spec, after, frozenset({task}), port)
        parameters = adapted(self.type, shape_at(self._analysis, after, port))
        ports = way_ports(self.type, parameters)
        return edits.insert_on_connection(
            spec, ways[0], self.type.id, self.name, parameters, input_port=ports[0], output_port=ports[1]
        )

    def joining(self, spec: ProjectSpec, sources: tuple[str, ...]) -> tuple[ProjectSpec, str]:
        """Behind the last of several layers, fed by all of them."""
        spec, made = self.behind(spec, sources[-1])
        entry = way_ports(self.type, {})[0]
        for source in sources[:-1]:
            spec = edits.connect(spec, Connection(source, made, main_output(spec, source), entry), variadic=True)
        return spec, made

    def across(self, spec: ProjectSpec, place: Place) -> tuple[ProjectSpec, str]:
        """Between tasks, over the own way of each."""
        return edits.insert_crossing(spec, self.type.id, self.name, place.across, {})

    @property
    def takes_several(self) -> bool:
        """Its first input takes any number of connections."""
        ports = self.type.input_ports(complete(self.type.parameters, {}))
        return bool(ports) and ports[0].variadic

    def _tied(self, spec: ProjectSpec, made: str, source: str, port: str) -> ProjectSpec:
        """Connects the other inputs of a new layer where it is plain what they are for.

        A skip comes from the last map before it that is twice as large. A layer that has an input for one of its own
        kind is joined to the one before it in the row, or the one after, that is still loose; between two that are
        joined already it takes its place.
        """
        layer = spec.network.layer(made)
        used = {c.target_port for c in spec.network.connections if c.target == made}
        for entry in input_ports(layer)[1:]:
            if entry.name in used:
                continue
            if entry.name == SKIP:
                found = larger_map(spec, self._analysis, source, port)
                if found is not None:
                    spec = _connected(spec, Connection(found[0], made, found[1], entry.name))
                continue
            for loose in loose_ends(spec.network, layer.tasks):
                if loose != made and spec.network.layer(loose).type == layer.type:
                    spec = _connected(spec, Connection(loose, made, main_output(spec, loose), entry.name))
                    break
            else:
                spec = _between(spec, made, entry.name)
        if made in loose_ends(spec.network, layer.tasks):
            spec = _led_on(spec, made)
        return spec


def larger_map(spec: ProjectSpec, analysis: Analysis | None, source: str, port: str) -> tuple[str, str] | None:
    """(layer, port) of the last map before a place that is twice as high and wide; None where there is none."""
    here = shape_at(analysis, source, port)
    if analysis is None or here is None or len(here) != 3:
        return None
    before = ancestors(spec.network, source) | {source}
    for layer_id in reversed(order(spec.network)):
        report = analysis.layers.get(layer_id)
        if layer_id not in before or report is None:
            continue
        for name, shape in report.output_shapes.items():
            if len(shape) == 3 and (shape[1], shape[2]) == (2 * here[1], 2 * here[2]):
                return layer_id, name
    return None


def way_ports(type_: LayerType, parameters: Mapping[str, Any]) -> tuple[str, str]:
    """The ports that the way goes through: the first in, `out` or the last out."""
    values = {parameter.name: parameter.default for parameter in type_.parameters} | dict(parameters)
    inputs, outputs = type_.input_ports(values), type_.output_ports(values)
    names = [port.name for port in outputs]
    return (inputs[0].name if inputs else "in"), ("out" if "out" in names or not names else names[-1])


def is_head(type_id: str) -> bool:
    """Whether a layer type gives the output of a task."""
    try:
        return layer_type(type_id).group == "head"
    except KeyError:
        return False


def _led_on(spec: ProjectSpec, made: str) -> ProjectSpec:
    """Leads a loose layer into the next of its kind in the row that has a free input for it."""
    layer = spec.network.layer(made)
    for other in spec.network.layers:
        if other.id == made or other.type != layer.type or other.tasks != layer.tasks:
            continue
        used = {c.target_port for c in spec.network.connections if c.target == other.id}
        free = [entry for entry in input_ports(other)[1:] if entry.name not in used and entry.name != SKIP]
        if free:
            return _connected(spec, Connection(made, other.id, main_output(spec, made), free[0].name))
    return spec


def _between(spec: ProjectSpec, made: str, port: str) -> ProjectSpec:
    """Leads the way from one layer of its kind to the next through a new one that stands between the two."""
    network = spec.network
    layer, place = network.layer(made), {layer_id: index for index, layer_id in enumerate(order(network))}

    def reads(layer_id: str) -> int:
        way = main_connection(network, layer_id)
        return place[way.source] if way is not None else -1

    for way in network.connections:
        ends = (network.layer(way.source), network.layer(way.target))
        alike = all((end.type, end.tasks) == (layer.type, layer.tasks) for end in ends)
        if alike and way.target_port == port and reads(way.source) < reads(made) < reads(way.target):
            spec = _connected(spec, Connection(way.source, made, way.source_port, port))
            return _connected(spec, Connection(made, way.target, main_output(spec, made), port), replace=True)
    return spec


def _connected(spec: ProjectSpec, connection: Connection, replace: bool = False) -> ProjectSpec:
    """Connected, where that makes sense; in the place of another connection, where that is wanted."""
    try:
        return edits.connect(spec, connection, replace=replace)
    except StudioError:
        return spec


def _is_variadic(spec: ProjectSpec, layer_id: str, port: str) -> bool:
    found: list[Port] = [entry for entry in input_ports(spec.network.layer(layer_id)) if entry.name == port]
    return bool(found) and found[0].variadic


def _port_behind(spec: ProjectSpec, layer_id: str) -> str | None:
    """Of a layer with several output ports in use, or none, the main one; None where the edit can tell by itself."""
    used = ports_used(spec.network, layer_id)
    return main_output(spec, layer_id) if len(used) != 1 else None

"""What fits where: layer types on connections, connections on ports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtlstudio.base.declare import complete
from mtlstudio.base.errors import StudioError
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape, layer_type
from mtlstudio.project.spec import Connection, ProjectSpec


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
    try:
        values = complete(type_.parameters, parameters)
        ports = type_.input_ports(values)
        if not ports or type_.group == "head":
            return False
        if shape is None:
            return True
        type_.check(values, {ports[0].name: (shape,)}, BuildContext(spec.data.image_size))
    except StudioError:
        return False
    return True


def adapted(type_: LayerType, shape: Shape | None) -> dict[str, Any]:
    """Parameters of a new layer that keep the channels it is given, so that what follows still fits."""
    names = {parameter.name for parameter in type_.parameters}
    if (
        shape is not None
        and len(shape) == 3
        and "out_channels" in names
        and type_.group in ("convolution", "resampling")
    ):
        return {"out_channels": shape[0]}
    return {}


def free_port(spec: ProjectSpec, layer_id: str) -> Port:
    """The input port that a new connection goes to: the first that is free or takes several, else the first."""
    layer = spec.network.layer(layer_id)
    try:
        type_ = layer_type(layer.type)
        ports = type_.input_ports(complete(type_.parameters, layer.parameters), sorted(layer.tasks))
    except (KeyError, StudioError):
        ports = ()
    used = {c.target_port for c in spec.network.connections if c.target == layer_id}
    return next((port for port in ports if port.variadic or port.name not in used), ports[0] if ports else Port("in"))


def main_output(spec: ProjectSpec, layer_id: str) -> str:
    """The output port that a new connection starts from: `out`, else the last."""
    layer = spec.network.layer(layer_id)
    try:
        type_ = layer_type(layer.type)
        ports = type_.output_ports(complete(type_.parameters, layer.parameters), sorted(layer.tasks))
    except (KeyError, StudioError):
        ports = ()
    names = [port.name for port in ports]
    return "out" if "out" in names or not names else names[-1]

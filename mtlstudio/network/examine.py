"""The walk over the layers behind analysis and compilation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from mtlstudio.base.declare import complete, faults
from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import language
from mtlstudio.network import refusals
from mtlstudio.network.analysis import LayerReport
from mtlstudio.network.fields import Fields
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape, layer_type
from mtlstudio.network.memo import Memo
from mtlstudio.network.outputs import output_channels
from mtlstudio.network.plan import Ports
from mtlstudio.network.refusals import Refusal
from mtlstudio.network.wiring import wiring
from mtlstudio.project.problems import Place, Problem, Severity
from mtlstudio.project.spec import Connection, LayerSpec, ProjectSpec


class AnalysisCancelled(Exception):
    """The analysis was given up because nobody wants it any more."""


@dataclass(frozen=True)
class ReadyLayer:
    """A layer whose declaration is in order: its type, all its parameters, its surroundings, its ports."""

    layer: LayerSpec
    type: LayerType
    parameters: FrozenDict
    context: BuildContext

    @cached_property
    def ports(self) -> Ports:
        """Its ports; a layer that reads an input has a single port for it."""
        tasks = sorted(self.layer.tasks)
        reads = self.type.reads_input(self.parameters)
        inputs = (Port("in"),) if reads is not None else self.type.input_ports(self.parameters, tasks)
        return Ports(inputs, self.type.output_ports(self.parameters, tasks), reads, self.type.crosses)


class _Fault(Exception):
    """Ends the examination of one layer; holds its problems, none where the fault lies further up."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems


class Examination:
    """One walk over the layers, each after those that it depends on; it is done when the object is made.

    Each layer's real module is run on the meta device, once for each (type, parameters, input shapes); there is no
    second set of formulas.

    Attributes:
        spec: the project.
        wired: its layers and connections.
        needed: ids of the layers that some task's output depends on. Faults of the others are only warnings.
        reports: layer id -> what was found.
        ready: layer id -> the layer, where its declaration is in order.
        errors: what keeps it from being built, once somebody has asked.
        language: of the words in what layer types refuse.
    """

    def __init__(self, spec: ProjectSpec, memo: Memo, cancelled: Callable[[], bool] | None = None) -> None:
        self.spec, self.wired, self._memo = spec, wiring(spec.network), memo
        self.needed = self.wired.needed({output.layer for output in self.wired.outputs})
        self.reports: dict[str, LayerReport] = {}
        self.ready: dict[str, ReadyLayer] = {}
        self.errors: tuple[Problem, ...] | None = None
        self.language = language()
        self._fields = Fields(spec.data.image_size)
        self._channels = output_channels(spec, self.wired)
        self._heads = {output.layer for output in self.wired.outputs}
        self._dangling = {c.target for c in spec.network.connections if c.source not in self.wired.layers}
        self._context = BuildContext(
            spec.data.image_size, input_channels=tuple((item.id, item.channels) for item in spec.inputs)
        )
        for layer_id in self.wired.order:
            if cancelled is not None and cancelled():
                raise AnalysisCancelled
            self._examine(self.wired.layers[layer_id])

    def takes_several(self, layer: LayerSpec, port: str) -> bool:
        """Whether an input port takes several connections; True also where nobody knows the port."""
        ready = self.ready.get(layer.id)
        ports = {item.name: item for item in ready.ports.inputs} if ready else {}
        return port not in ports or ports[port].variadic

    def _examine(self, layer: LayerSpec) -> None:
        shapes: dict[str, tuple[Shape, ...]] = {}
        try:
            ready, problems = self._declaration(layer)
            self.ready[layer.id] = ready
            arriving = self._arriving(ready)
            shapes = self._shapes(ready, arriving)
            report = (
                self._passed(ready, shapes, arriving) if layer.bypassed else self._measured(ready, shapes, arriving)
            )
            self.reports[layer.id] = replace(report, problems=problems) if problems else report
        except _Fault as fault:
            self.reports[layer.id] = LayerReport(shapes, problems=fault.problems)

    def _declaration(self, layer: LayerSpec) -> tuple[ReadyLayer, tuple[Problem, ...]]:
        """Type and parameters; parameters that the type does not know are problems, but do not hide the shapes."""
        try:
            type_, parameters, wrong = _declared(layer.type, layer.parameters, _kinds(layer.parameters.values()))
        except KeyError:
            raise _Fault(self._problem(layer, refusals.UNKNOWN_LAYER_TYPE, type=layer.type)) from None
        problems = tuple(self._wrong(layer, fault) for fault in wrong)
        if parameters is None:
            raise _Fault(*problems)
        context = self._context
        if (channels := self._channels.get(layer.id)) is not None:
            context = replace(context, output_channels=channels)
        return ReadyLayer(layer, type_, parameters, context), problems

    def _wrong(self, layer: LayerSpec, fault: StudioError) -> Problem:
        name, known, value = str(fault.values["name"]), fault.values.get("known"), str(fault.values.get("value"))
        if known is not None:
            return self._problem(layer, refusals.UNKNOWN_PARAMETER, field=name, parameter=name, known=known)
        expected = fault.values["expected"]
        return self._problem(
            layer, refusals.WRONG_PARAMETER, field=name, parameter=name, value=value, expected=expected
        )

    def _arriving(self, ready: ReadyLayer) -> dict[str, list[Connection]]:
        """Connections by input port."""
        layer, ports = ready.layer, ready.ports
        arriving: dict[str, list[Connection]] = {port.name: [] for port in ports.inputs}
        if ports.reads is not None:
            return arriving
        problems = []
        for connection in self.wired.incoming[layer.id]:
            if connection.target_port in arriving:
                arriving[connection.target_port].append(connection)
            else:
                name, known = connection.target_port, ", ".join(arriving) or "—"
                problems.append(self._problem(layer, refusals.UNKNOWN_INPUT_PORT, field=name, port=name, known=known))
        # A layer into which nothing leads, a layer that does not exist and a port that is taken twice are told by
        # `project.check`.
        silent = problems or not self.wired.incoming[layer.id] or layer.id in self._dangling
        fits = True
        for port in ports.inputs:
            count = len(arriving[port.name])
            if count == 0 and not port.optional:
                fits = False
                if not silent:
                    problems.append(self._problem(layer, refusals.NOT_CONNECTED, field=port.name, port=port.name))
            fits = fits and (count < 2 or port.variadic)
        if problems or not fits:
            raise _Fault(*problems)
        return arriving

    def _shapes(self, ready: ReadyLayer, arriving: dict[str, list[Connection]]) -> dict[str, tuple[Shape, ...]]:
        """Shapes by input port. Raises _Fault where one is unknown."""
        if (input_id := ready.ports.reads) is not None:
            size = ready.context.image_size
            channels = dict(ready.context.input_channels).get(input_id)
            if channels is None:  # told by `project.check`
                raise _Fault
            return {"in": ((channels, size, size),)}
        return {
            port: tuple(self._shape(ready.layer, connection) for connection in connections)
            for port, connections in arriving.items()
            if connections
        }

    def _shape(self, layer: LayerSpec, connection: Connection) -> Shape:
        report = self.reports.get(connection.source)
        if report is None or not report.output_shapes:
            raise _Fault
        if connection.source_port not in report.output_shapes:
            source, known = self.wired.layers[connection.source].name, ", ".join(report.output_shapes)
            values = {"source": source, "port": connection.source_port, "known": known}
            raise _Fault(self._problem(layer, refusals.UNKNOWN_OUTPUT_PORT, field=connection.target_port, **values))
        return report.output_shapes[connection.source_port]

    def _passed(
        self, ready: ReadyLayer, shapes: dict[str, tuple[Shape, ...]], arriving: dict[str, list[Connection]]
    ) -> LayerReport:
        """Of a bypassed layer: its first input comes out at every port; between tasks, each task's own."""
        if ready.ports.reads is not None or not shapes:
            raise _Fault(self._problem(ready.layer, refusals.BYPASSED_INPUT))
        first = next(port.name for port in ready.ports.inputs if port.name in shapes)
        through = {out.name: out.name if ready.ports.crosses else first for out in ready.ports.outputs}
        outputs = {out: shapes[port][0] for out, port in through.items()}
        for out, port in through.items():
            passing = arriving[port][0]
            self._fields.copy((passing.source, passing.source_port), (ready.layer.id, out))
        return LayerReport(shapes, outputs, receptive_field=self._fields.of(ready.layer.id, tuple(outputs)))

    def _measured(
        self, ready: ReadyLayer, shapes: dict[str, tuple[Shape, ...]], arriving: dict[str, list[Connection]]
    ) -> LayerReport:
        ports = ready.ports
        key = (ready.type.id, ready.parameters, tuple(shapes.items()), ready.context, ports)
        try:
            found = self._memo.recall(key, lambda: _measure(ready, shapes))
        except StudioError as error:
            if ready.layer.id in self._heads and ready.context.output_channels is None:
                raise _Fault from None  # the task itself is at fault, which is told elsewhere
            raise _Fault(self._refusal(ready.layer, error)) from None
        layer_id = ready.layer.id
        if ports.reads is not None:
            self._fields.start((layer_id, ports.outputs[0].name))
        else:
            sources = [(c.source, c.source_port) for connections in arriving.values() for c in connections]
            self._fields.add(layer_id, found.reaches, sources)
        return LayerReport(
            shapes, found.output_shapes, found.parameters, found.macs, found.activation_bytes,
            self._fields.of(layer_id, tuple(found.output_shapes)), uncounted=found.uncounted,
        )  # fmt: skip

    def _refusal(self, layer: LayerSpec, error: StudioError) -> Problem:
        if isinstance(error, Refusal):
            values: dict[str, Any] = dict(error.values)
            return self._problem(layer, error.code, mend=error.mend, **values)
        return self._problem(layer, refusals.REFUSED, reason=error.text())

    def _problem(self, layer: LayerSpec, code: str, /, *, field: str = "", mend: str = "", **values: Any) -> Problem:
        severity = Severity.ERROR if layer.id in self.needed else Severity.WARNING
        return Problem(
            code, severity, Place("layer", layer.id, field), FrozenDict({**values, "layer": layer.name}), mend
        )


@lru_cache(maxsize=4096)
def _declared(
    type_id: str, values: FrozenDict, kinds: tuple[Any, ...]
) -> tuple[LayerType, FrozenDict | None, tuple[StudioError, ...]]:
    """The type, all its parameters (None where one cannot be), and what is wrong with those given.

    Args:
        kinds: of the values, which tell 1 from True.

    Raises:
        KeyError: there is no such type.
    """
    type_ = layer_type(type_id)
    wrong = tuple(faults(type_.parameters, values))
    fits = all("known" in fault.values for fault in wrong)
    return type_, FrozenDict(complete(type_.parameters, values)) if fits else None, wrong


def _kinds(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(_kinds(value) if isinstance(value, tuple) else type(value) for value in values)


def _measure(ready: ReadyLayer, shapes: dict[str, tuple[Shape, ...]]) -> Any:
    from mtlstudio.network.measure import measure

    ports = ready.ports
    try:
        return measure(ready.type, ready.parameters, shapes, ready.context, ports.inputs, ports.outputs)
    except StudioError:
        raise
    except Exception as error:  # whatever torch says about shapes that no check foresaw
        raise Refusal(refusals.CANNOT_BUILD, reason=str(error).partition("\n")[0]) from error

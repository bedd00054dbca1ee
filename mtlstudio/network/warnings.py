"""What is not wrong with a network, but seldom meant: warnings, with a mend where there is one. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.network.analysis import LayerReport
from mtlstudio.network.interface import LayerType, Shape, layer_type
from mtlstudio.network.wiring import Wiring
from mtlstudio.project.problems import Place, Problem, Severity, declare
from mtlstudio.project.spec import LayerSpec, ProjectSpec
from mtlstudio.tasks.registry import task_type

BOTTLENECK = declare(
    "network.bottleneck",
    mark("“{layer}” is a bottleneck: {channels} channels between {before} and {after}."),
    mark("Give it about {wanted} channels."),
)
NO_PLACE_LEFT = declare(
    "network.no_place_left",
    mark("“{layer}” leaves a single pixel, which is enlarged again behind it: nothing knows where it was."),
    mark("Use fewer strides before it, or larger pictures."),
)
UNUSED_STAGES = declare(
    "network.unused_stages",
    mark("The last stages of “{layer}” are computed for nothing: only {used} is used."),
    mark("Go on from its last stage, or choose a smaller backbone."),
)
UNUSED_LANE = declare(
    "network.unused_lane",
    mark("“{layer}” mixes {task} in, but nothing goes on from there."),
    mark("Lead the task's way on from this layer."),
)
STRIDE_FOR_NOTHING = declare(
    "network.stride_for_nothing",
    mark("“{layer}” has a stride of {stride}, but its map has only {size} pixels a side."),
    mark("Use a stride of 1, or larger pictures."),
)
SMALL_BATCH = declare(
    "network.small_batch",
    mark("Batch norm in {count} layers takes its means over only {batch} pictures."),
    mark("Use group norm, or at least {least} pictures per step."),
)
NORM_OF_FEW = declare(
    "network.norm_of_few",
    mark("The batch norm of “{layer}” has only {values} values per channel to take its means over."),
    mark("Use layer norm, or larger maps."),
)
NARROW_VIEW = declare(
    "network.narrow_view",
    mark("“{task}” decides from what sees {field} of {size} pixels a side."),
    mark("Add stages or strides before “{layer}”."),
)
FEW_SAMPLES = declare(
    "network.few_samples",
    mark("{task} has few samples."),
    mark("{n} images for {parameters} own parameters. Share more of its layers, or add dropout."),
)

LEAST_BATCH = 4
LEAST_VALUES = 8
NARROW = 8
"""So many times fewer channels than on both sides make a bottleneck."""
WEIGHTS_PER_SAMPLE = 2000
MANY_WEIGHTS = 100_000
_REGULARISED = frozenset({"dropout"})


def warnings(spec: ProjectSpec, wired: Wiring, reports: Mapping[str, LayerReport]) -> list[Problem]:
    """Warnings of a network whose layers have been examined; only about layers that some output depends on."""
    return list(_Warnings(spec, wired, reports).all())


def few_samples(spec: ProjectSpec, reports: Mapping[str, LayerReport], counts: Mapping[str, int]) -> list[Problem]:
    """Tasks with many weights of their own for few labelled pictures, and no dropout among their own layers.

    Tasks of maps have a label per pixel; they are not looked at.

    Args:
        counts: task id -> labelled pictures to train on.
    """
    found = []
    for task in spec.tasks:
        own = [layer for layer in spec.network.layers if layer.tasks == {task.id} and not layer.bypassed]
        weights = sum(reports[layer.id].parameters for layer in own if layer.id in reports)
        n = counts.get(task.id, 0)
        if not n or weights < max(MANY_WEIGHTS, WEIGHTS_PER_SAMPLE * n) or _kind(task.type) != "vector":
            continue
        if any(layer.type in _REGULARISED or layer.parameters.get("dropout") for layer in own):
            continue
        values = FrozenDict(task=task.name, n=n, parameters=_short(weights))
        found.append(Problem(FEW_SAMPLES, Severity.WARNING, Place("task", task.id), values, "add_dropout"))
    return found


class _Warnings:
    def __init__(self, spec: ProjectSpec, wired: Wiring, reports: Mapping[str, LayerReport]) -> None:
        self.spec, self.wired, self.reports = spec, wired, reports
        self.needed = wired.needed({output.layer for output in wired.outputs})
        self.following: dict[str, list[str]] = {layer: [] for layer in wired.layers}
        self.used: dict[str, set[str]] = {layer: set() for layer in wired.layers}
        for connection in wired.connections:
            if connection.target in self.needed:
                self.following[connection.source].append(connection.target)
                self.used[connection.source].add(connection.source_port)
        for output in wired.outputs:
            self.used[output.layer].add(output.port)

    def all(self) -> Iterator[Problem]:
        batch_normed = 0
        for layer_id in self.wired.order:
            layer, report = self.wired.layers[layer_id], self.reports[layer_id]
            type_ = _type(layer)
            if layer_id not in self.needed or layer.bypassed or type_ is None or not report.output_shapes:
                continue
            batch_normed += _has_batch_norm(layer, type_)
            yield from self._bottleneck(layer, report, type_)
            yield from self._unused(layer, report, type_)
            yield from self._stride(layer, report, type_)
            yield from self._norm(layer, report, type_)
        if batch_normed and self.spec.training.batch_size < LEAST_BATCH:
            values = FrozenDict(count=batch_normed, batch=self.spec.training.batch_size, least=LEAST_BATCH)
            place = Place("training", field="batch_size")
            yield Problem(SMALL_BATCH, Severity.WARNING, place, values, "other_norm")
        yield from self._views()

    def _bottleneck(self, layer: LayerSpec, report: LayerReport, type_: LayerType) -> Iterator[Problem]:
        made, given = report.output_shape, report.input_shapes.get("in", ())
        behind = [self.wired.layers[i] for i in self.following[layer.id]]
        shapes = [s for b in behind if (s := self.reports[b.id].output_shape) and _group(b) != "head"]
        if made is None or not given or not shapes or type_.group in ("input", "head", "between"):
            return
        before, after = max(shape[0] for shape in given), max(shape[0] for shape in shapes)
        wanted = min(before, after)
        if NARROW * made[0] <= wanted:
            mend = "widen" if any(p.name == "out_channels" for p in type_.parameters) else ""
            yield _warning(BOTTLENECK, layer, mend, channels=made[0], before=before, after=after, wanted=wanted)
        if _pixels(made) == 1 and _pixels(given[0]) > 1 and any(_pixels(shape) > 1 for shape in shapes):
            yield _warning(NO_PLACE_LEFT, layer)

    def _unused(self, layer: LayerSpec, report: LayerReport, type_: LayerType) -> Iterator[Problem]:
        ports, used = list(report.output_shapes), self.used[layer.id]
        if type_.group == "backbone" and len(ports) > 1:
            last = {port for port in ports if report.output_shapes[port] == report.output_shapes[ports[-1]]}
            if used and not used & last:
                yield _warning(UNUSED_STAGES, layer, used=", ".join(port for port in ports if port in used))
        if type_.crosses:
            names = {task.id: task.name for task in self.spec.tasks}
            for port in ports:
                task = port.removeprefix("task:")
                if port not in used and task in names and task != port:
                    yield _warning(UNUSED_LANE, layer, task=names[task])

    def _stride(self, layer: LayerSpec, report: LayerReport, type_: LayerType) -> Iterator[Problem]:
        stride, shapes = _value(layer, type_, "stride"), report.input_shapes.get("in", ())
        if isinstance(stride, int) and stride > 1 and shapes and len(shapes[0]) == 3:
            size = min(shapes[0][1:])
            if size < stride:
                yield _warning(STRIDE_FOR_NOTHING, layer, "stride_one", stride=stride, size=size)

    def _norm(self, layer: LayerSpec, report: LayerReport, type_: LayerType) -> Iterator[Problem]:
        shape, batch = report.output_shape, self.spec.training.batch_size
        if shape is None or not _has_batch_norm(layer, type_) or batch < LEAST_BATCH:
            return
        if batch * _pixels(shape) < LEAST_VALUES:
            yield _warning(NORM_OF_FEW, layer, "other_norm", values=batch * _pixels(shape))

    def _views(self) -> Iterator[Problem]:
        """Tasks of a label whose last map before the head sees less than half of the picture."""
        tasks, size = {task.id: task for task in self.spec.tasks}, self.spec.data.image_size
        for output in self.wired.outputs:
            task = tasks.get(output.task)
            if task is None or _kind(task.type) != "vector":
                continue
            fields = [(self.reports[i].receptive_field or size, i) for i in self._last_maps(output.layer)]
            if fields and max(fields)[0] < size / 2:
                field, layer_id = max(fields)
                place = Place("task", task.id)
                values = FrozenDict(task=task.name, field=field, size=size, layer=self.wired.layers[layer_id].name)
                yield Problem(NARROW_VIEW, Severity.WARNING, place, values)

    def _last_maps(self, layer_id: str) -> set[str]:
        """The nearest layers before it that make maps; none where some shape on the way is unknown."""
        found: set[str] = set()
        waiting, seen = [layer_id], set[str]()
        while waiting:
            current = waiting.pop()
            if current in seen:
                continue
            seen.add(current)
            shape = self.reports[current].output_shape
            if shape is None:
                return set()
            if len(shape) == 3 and _pixels(shape) > 1:
                found.add(current)
            else:
                waiting += [connection.source for connection in self.wired.incoming[current]]
        return found


def _warning(code: str, layer: LayerSpec, mend: str = "", **values: Any) -> Problem:
    named = FrozenDict({**values, "layer": layer.name})
    return Problem(code, Severity.WARNING, Place("layer", layer.id), named, mend)


def _type(layer: LayerSpec) -> LayerType | None:
    try:
        return layer_type(layer.type)
    except KeyError:
        return None


def _group(layer: LayerSpec) -> str:
    type_ = _type(layer)
    return type_.group if type_ is not None else ""


def _kind(type_id: str) -> str:
    try:
        return str(task_type(type_id).kind)
    except KeyError:
        return ""


def _value(layer: LayerSpec, type_: LayerType, name: str) -> Any:
    default = next((parameter.default for parameter in type_.parameters if parameter.name == name), None)
    return layer.parameters.get(name, default)


def _has_batch_norm(layer: LayerSpec, type_: LayerType) -> bool:
    return bool(_value(layer, type_, "norm") == "batch")


def _pixels(shape: Shape) -> int:
    return shape[1] * shape[2] if len(shape) == 3 else 1


def _short(number: int) -> str:
    return f"{number / 1e6:.1f} M" if number >= 1e6 else f"{number / 1e3:.0f} k"

"""A network as a plain `nn.Module` class: its text, and what goes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import slug
from mtlstudio.base.texts import mark
from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.network.export import names
from mtlstudio.network.export.expressions import Unwritable, Writer
from mtlstudio.network.export.layout import Expression, Group, Named, comment, laid_out, statement, text
from mtlstudio.network.export.recording import record
from mtlstudio.network.export.source import Sources
from mtlstudio.network.plan import Plan, Step
from mtlstudio.project.spec import LayerSpec, ProjectSpec


class CannotExport(StudioError):
    """Parts of a network that cannot be exported; the sentence names them all.

    Attributes:
        parts: (layer's name, reason).
    """

    def __init__(self, format: str, parts: Sequence[tuple[str, str]]) -> None:
        self.parts = tuple(parts)
        super().__init__(
            mark("{n} layers cannot be written as {format}: {parts}") if len(self.parts) > 1
            else mark("a layer cannot be written as {format}: {parts}"),
            fix=mark("Bypass or replace them, or choose another format."),
            n=len(self.parts), format=format, parts="; ".join(f"{name} ({reason})" for name, reason in self.parts),
        )  # fmt: skip

    def __reduce__(self) -> tuple[object, ...]:
        return (CannotExport, (self.values["format"], self.parts))


@dataclass(frozen=True)
class ModelText:
    """A network written down.

    Attributes:
        class_name: of the network.
        inputs: input id -> argument of `forward`.
        modules: layer id -> attribute; layers without a module of their own (inputs, bypassed ones) are missing.
        text: the class.
        sources: what it uses of the studio's own modules.
    """

    class_name: str
    inputs: Mapping[str, str]
    modules: Mapping[str, str]
    text: str
    sources: Sources = field(compare=False)

    def tidy(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights of the live network by their names in the class."""
        renamed: dict[str, Tensor] = {}
        for name, value in state.items():
            layer, dot, rest = name.removeprefix("layers.").partition(".")
            if layer in self.modules:
                renamed[f"{self.modules[layer]}{dot}{rest}"] = value
        return renamed


def module_names(spec: ProjectSpec, network: MultiTaskNetwork) -> dict[str, str]:
    """Layer id -> attribute, for the layers that have one in an export: not for those that only pass things on."""
    plan = network.plan()
    inputs = names.input_names(spec)
    order = [
        spec.network.layer(step.layer) for step in _in_reading_order(plan, spec)
        if not _passes_on(network.layers[step.layer])
    ]  # fmt: skip
    return names.layer_names(order, list(inputs.values()))


def write_model(spec: ProjectSpec, network: MultiTaskNetwork, taken: Sequence[str] = ()) -> ModelText:
    """Writes the class of a project's network.

    Args:
        spec: as the network was compiled from.
        network: compiled; only its plan is read.
        taken: names of the script that no class or function may have.

    Raises:
        CannotExport: names all layers that cannot be written.
    """
    class_name, inputs = names.class_name(spec.name), names.input_names(spec)
    modules = module_names(spec, network)
    recorder, built = record(spec)
    sources = Sources([*taken, class_name, "nn", "torch", "Tensor", "torchvision"], recorder.met)
    made = _constructors(spec, {layer: built[layer] for layer in modules}, Writer(recorder, sources))
    plan = network.plan()
    steps = _in_reading_order(plan, spec)
    lines = [
        f"class {class_name}(nn.Module):",
        *_docstring(spec, network.tasks),
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        *_grouped(spec, steps, {layer: statement(f"self.{modules[layer]}", made[layer], 2, _told(spec, layer, modules))
                                for layer in modules}),
        "",
        *_forward(spec, plan, steps, inputs, modules),
    ]  # fmt: skip
    sources.imports |= {("torch", "nn", ""), ("torch", "Tensor", "")}
    return ModelText(class_name, inputs, modules, "\n".join(lines), sources)


def _constructors(spec: ProjectSpec, modules: Mapping[str, nn.Module], writer: Writer) -> dict[str, Expression]:
    made: dict[str, Expression] = {}
    faults: list[tuple[str, str]] = []
    for layer_id, module in modules.items():
        try:
            made[layer_id] = writer.module(module)
        except Unwritable as error:
            faults.append((spec.network.layer(layer_id).name, str(error)))
    if faults:
        raise CannotExport("Python", faults)
    return made


def _passes_on(module: nn.Module) -> bool:
    return type(module) is nn.Identity


def _in_reading_order(plan: Plan, spec: ProjectSpec) -> list[Step]:
    """The steps so that layers of the same tasks stand together, the most shared first."""
    made_by = {slot: step.layer for step in plan.steps for _port, slot in step.results}
    tasks = {layer.id: layer.tasks for layer in spec.network.layers}
    waiting = list(plan.steps)
    done: set[str] = set()
    order: list[Step] = []
    current: frozenset[str] = frozenset()
    while waiting:
        ready = [step for step in waiting if all(made_by[slot] in done for slot in _slots(step) if slot in made_by)]
        step = min(ready, key=lambda step: (tasks[step.layer] != current, -len(tasks[step.layer])))
        current = tasks[step.layer]
        waiting.remove(step)
        done.add(step.layer)
        order.append(step)
    return order


def _slots(step: Step) -> list[int]:
    slots: list[int] = []
    for argument in step.arguments:
        slots += argument if isinstance(argument, tuple) else [] if argument is None else [argument]
    return slots


def _sharers(spec: ProjectSpec, layer: LayerSpec) -> str:
    """Who shares a layer, in words."""
    tasks = [comment(task.name) for task in spec.tasks if task.id in layer.tasks]
    if len(tasks) == len(spec.tasks) > 1:
        return f"Shared by all tasks: {_list(tasks)}"
    if len(tasks) > 1:
        return f"Shared by {_list(tasks)}"
    return f"{tasks[0]} alone" if tasks else "Of no task"


def _list(words: Sequence[str]) -> str:
    shown = list(words) if len(words) <= 6 else [*words[:5], f"{len(words) - 5} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _told(spec: ProjectSpec, layer_id: str, modules: Mapping[str, str]) -> str:
    """The name in the grid, where the attribute does not say it."""
    layer = spec.network.layer(layer_id)
    same = slug(layer.name) == modules[layer_id]
    return " ".join(
        part for part in ("" if same else comment(layer.name), "(frozen)" if layer.frozen else "") if part
    )  # fmt: skip


def _grouped(spec: ProjectSpec, steps: Sequence[Step], lines: Mapping[str, Sequence[str]]) -> list[str]:
    """The lines of all layers, with a heading wherever other tasks share them."""
    found: list[str] = []
    current: frozenset[str] | None = None
    for step in steps:
        layer = spec.network.layer(step.layer)
        if not lines.get(step.layer):
            continue
        if layer.tasks != current:
            if found:
                found.append("")
            found.append(f"        # {_sharers(spec, layer)}")
            current = layer.tasks
        found += lines[step.layer]
    return found


def _docstring(spec: ProjectSpec, tasks: Sequence[str]) -> list[str]:
    size = spec.data.image_size
    lines = [f'    """{comment(spec.name) or "The network"}: one network for {_list(_task_names(spec, tasks))}.', ""]
    for item in spec.inputs:
        words = f"(N, {item.channels}, {size}, {size}) float32, standardised"
        lines.append(f"    Takes `{names.input_names(spec)[item.id]}` {words}.")
    lines.append("    Returns the raw output of each task by its id, as losses take it.")
    return [*lines, '    """']


def _task_names(spec: ProjectSpec, tasks: Sequence[str]) -> list[str]:
    return [comment(spec.task(task).name) for task in tasks]


def _forward(
    spec: ProjectSpec, plan: Plan, steps: Sequence[Step], inputs: Mapping[str, str], modules: Mapping[str, str]
) -> list[str]:
    values: dict[int, str] = {slot: inputs[name] for name, slot in plan.inputs}
    lines: dict[str, list[str]] = {}
    for step in steps:
        if step.layer not in modules:  # passes its input on
            passed = values[_slots(step)[0]]
            values.update({slot: passed for _port, slot in step.results})
            continue
        name = modules[step.layer]
        lines[step.layer] = statement(name, Group(f"self.{name}(", _arguments(step, values), ")"), 2)
        for port, slot in step.results:
            values[slot] = name if step.single else f"{name}[{text(port)}]"
    arguments: list[Expression] = [f"{inputs[item.id]}: Tensor" for item in spec.inputs]
    outputs = [Named(f"{text(task)}: ", values[slot]) for task, slot in _in_task_order(spec, plan)]
    return [
        *laid_out(Group("def forward(", ["self", *arguments], ")"), 1, after=" -> dict[str, Tensor]:"),
        *_grouped(spec, steps, lines),
        *([""] if lines else []),
        *laid_out(Group("{", outputs, "}"), 2, "return "),
    ]


def _in_task_order(spec: ProjectSpec, plan: Plan) -> list[tuple[str, int]]:
    slots = dict(plan.outputs)
    return [(task, slots[task]) for task in spec.task_ids if task in slots]


def _arguments(step: Step, values: Mapping[int, str]) -> list[Expression]:
    """Positional, as `forward` takes them."""
    found: list[Expression] = []
    for argument in step.arguments:
        if argument is None:
            found.append("None")
        elif isinstance(argument, tuple):
            found.append(Group("[", [values[slot] for slot in argument], "]"))
        else:
            found.append(values[argument])
    return found

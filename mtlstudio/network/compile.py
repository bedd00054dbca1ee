"""From the specification to the network that is trained."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, ntr
from mtlstudio.network.analyze import errors_of, examined
from mtlstudio.network.examine import Examination, ReadyLayer
from mtlstudio.network.modules.between import PassLanes
from mtlstudio.network.plan import Plan, Ports, Step, make_plan
from mtlstudio.network.wiring import Wiring
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import LayerSpec, ProjectSpec

_RUNNING_NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


class NetworkProblems(StudioError):
    """The network cannot be built. `problems` holds all the reasons; the text tells the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first, others = self.problems[0], len(self.problems) - 1
        more = ntr("({n} more problem)", "({n} more problems)", others) if others else ""
        super().__init__("{problem}", problem=" ".join(part for part in (first.text(), first.fix_text(), more) if part))

    def __reduce__(self) -> tuple[Any, ...]:
        return (NetworkProblems, (self.problems,))


class Layers(nn.ModuleDict):
    """Modules by layer id; any id will do, also one that torch uses itself (`pop`, `values`, `training`)."""

    def add_module(self, name: str, module: nn.Module | None) -> None:
        self._modules[name] = module  # type: ignore[assignment]

    def train(self, mode: bool = True) -> Layers:
        """As in torch, which would take a layer of the name `training` for the flag."""
        object.__setattr__(self, "training", mode)
        for module in self._modules.values():
            module.train(mode)
        return self


class MultiTaskNetwork(nn.Module):
    """All layers of a project's network, run as its connections say.

    Attributes:
        layers: the modules by layer id; a name in the `state_dict` starts with `layers.<layer id>.`.
        tasks: ids of the tasks that have an output, in order.
        held: ids of the layers that are frozen, or held for now.
    """

    def __init__(
        self,
        modules: Mapping[str, nn.Module],
        specs: Mapping[str, LayerSpec],
        wired: Wiring,
        ports: Mapping[str, Ports],
    ) -> None:
        super().__init__()
        self.layers = Layers(modules)
        self.tasks = tuple(output.task for output in wired.outputs)
        self._specs, self._wired, self._ports = dict(specs), wired, dict(ports)
        self._plans: dict[frozenset[str], Plan] = {}
        self.held: frozenset[str] = frozenset()
        self.hold(())

    def forward(self, inputs: Mapping[str, Tensor], tasks: Collection[str] | None = None) -> dict[str, Tensor]:
        """The outputs of some tasks (default: all); only the layers that they need are run.

        Args:
            inputs: input id -> (N, C, S, S).
            tasks: ids.

        Returns:
            task id -> (N, K) for a vector task, (N, K, S, S) for a map task; raw, as losses take them.
        """
        plan = self.plan(tasks)
        modules: dict[str, Any] = self.layers._modules
        values: list[Any] = [None] * plan.slots
        for name, slot in plan.inputs:
            values[slot] = inputs[name]
        for layer, argument, result, freed, step in plan.quick:
            if step is not None:
                _run(step, modules[layer], values)
                continue
            value = modules[layer](values[argument])
            if freed:
                values[argument] = None
            values[result] = value
            del value  # or the next layer's input would live on while its output is made
        return {task: values[slot] for task, slot in plan.outputs}

    def plan(self, tasks: Collection[str] | None = None) -> Plan:
        """The order of work for some tasks (default: all).

        Raises:
            KeyError: a task has no output in this network.
        """
        wanted = frozenset(self.tasks if tasks is None else tasks)
        if wanted not in self._plans:
            if unknown := wanted - set(self.tasks):
                raise KeyError(f"no output for {', '.join(sorted(unknown))}")
            self._plans[wanted] = make_plan(self._wired, self._ports, wanted)
        return self._plans[wanted]

    def hold(self, layer_ids: Collection[str]) -> None:
        """Holds layers as if they were frozen, besides those that are; those held before and not named are let go."""
        frozen = {layer_id for layer_id, spec in self._specs.items() if spec.frozen}
        held = frozenset(frozen.union(layer_ids) & set(self._specs))
        if held == self.held:
            return
        self.held = held
        for layer_id in self._specs:
            self.layers[layer_id].requires_grad_(layer_id not in self.held)
        self.train(self.training)

    def train(self, mode: bool = True) -> MultiTaskNetwork:
        """Training or evaluation; the normalisations of frozen layers keep their statistics either way."""
        super().train(mode)
        self._still_frozen()
        return self

    def _still_frozen(self) -> None:
        for layer_id in self.held:
            for module in self.layers[layer_id].modules():
                if isinstance(module, _RUNNING_NORMS):
                    module.eval()

    def parameters_of(self, layer_id: str) -> list[nn.Parameter]:
        """The weights of one layer; none where no task's output depends on it."""
        return list(self.layers[layer_id].parameters()) if layer_id in self.layers else []

    def shared_parameters(self) -> list[nn.Parameter]:
        """The trained weights of the layers of two tasks or more."""
        return [
            parameter
            for layer_id, spec in self._specs.items()
            if len(spec.tasks) > 1
            for parameter in self.layers[layer_id].parameters()
            if parameter.requires_grad
        ]

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The trained weights, as optimizers want them: as few groups as their settings allow.

        Returns:
            dicts of `params`, `lr_factor` (multiplies the learning rate), `weight_decay` (False for biases and
            normalisations) and `layers` (ids of the layers they come from).
        """
        groups: dict[tuple[float, bool], dict[str, Any]] = {}
        for layer_id, spec in self._specs.items():
            for name, parameter in self.layers[layer_id].named_parameters():
                if not parameter.requires_grad:
                    continue
                key = (spec.learning_rate_factor, _decays(name, parameter))
                group = groups.setdefault(
                    key, {"params": [], "lr_factor": key[0], "weight_decay": key[1], "layers": []}
                )
                group["params"].append(parameter)
                if layer_id not in group["layers"]:
                    group["layers"].append(layer_id)
        return list(groups.values())


def _run(step: Step, module: Any, values: list[Any]) -> None:
    out = module(
        *(
            [values[slot] for slot in argument] if isinstance(argument, tuple)
            else None if argument is None else values[argument]
            for argument in step.arguments
        )
    )  # fmt: skip
    for slot in step.frees:
        values[slot] = None
    for port, slot in step.results:
        values[slot] = out if step.single else out[port]


def _decays(name: str, parameter: nn.Parameter) -> bool:
    """Matrices and kernels decay; biases, normalisations and per-channel scales do not."""
    return parameter.ndim > 1 and not name.endswith("layer_scale")


def compile_network(spec: ProjectSpec) -> MultiTaskNetwork:
    """Builds the network of a project, its weights drawn from torch's random generator in the layers' order.

    Layers that no task's output depends on are left out. Trained weights of backbones are not loaded here: see
    `mtlstudio.network.weights`.

    Raises:
        NetworkProblems: it has errors; holds them all.
    """
    found = examined(spec)
    if errors := errors_of(found):
        raise NetworkProblems(errors)
    layers = [found.ready[layer_id] for layer_id in found.wired.order if layer_id in found.needed]
    modules = {ready.layer.id: _build(ready, found) for ready in layers}
    ports = {ready.layer.id: ready.ports for ready in layers}
    return MultiTaskNetwork(modules, {ready.layer.id: ready.layer for ready in layers}, found.wired, ports)


def _build(ready: ReadyLayer, found: Examination) -> nn.Module:
    if ready.layer.bypassed:
        several = ready.ports.crosses and len(ready.ports.outputs) > 1
        return PassLanes(tuple(sorted(ready.layer.tasks))) if several else nn.Identity()
    try:
        return ready.type.build(ready.parameters, found.reports[ready.layer.id].input_shapes, ready.context)
    except RuntimeError as error:  # out of memory, above all
        raise StudioError(mark("it cannot be built: {reason}"), where=ready.layer.name, reason=str(error)) from error

"""The training loop of a project as text, as a textbook would have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtlstudio.inspection.script.losses import TaskText
from mtlstudio.inspection.script.pieces import FACTOR_GROUPS, PLAIN_GROUPS
from mtlstudio.network.export.layout import Expression, Group, Named, laid_out, statement, text
from mtlstudio.network.export.source import Sources
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.balancing import balancing_methods
from mtlstudio.training.declarations import chosen
from mtlstudio.training.optimizers import optimizers
from mtlstudio.training.schedules import ScheduleMethod, schedules
from mtlstudio.training.weights import LossWeights


@dataclass(frozen=True)
class TrainingText:
    """How a project is trained.

    Attributes:
        constants: lines.
        functions: texts, in order: parameter groups, optimizer, learning rate, data set, the loop.
        notes: codes of what the loop does not do as the studio does: see `NOTES`.
    """

    constants: list[str]
    functions: list[str]
    notes: tuple[str, ...]


def write_training(
    spec: ProjectSpec, tasks: Sequence[TaskText], modules: Mapping[str, str], inputs: Mapping[str, str],
    class_name: str, sources: Sources,
) -> TrainingText:  # fmt: skip
    """The training of a project.

    Args:
        tasks: as written.
        modules: layer id -> attribute of the network.
        inputs: input id -> argument of the network's `forward`.
        sources: takes up what the schedule uses.

    Raises:
        StudioError: a method of the project is unknown or a parameter does not fit.
    """
    settings = spec.training
    optimizer, values = chosen(optimizers(), settings.optimizer, "training.optimizer")
    schedule, schedule_values = chosen(schedules(), settings.schedule, "training.schedule")
    weights, notes = _weights(spec)
    factors = {modules[layer.id]: layer.learning_rate_factor for layer in spec.network.layers
               if layer.id in modules and layer.learning_rate_factor != 1.0}  # fmt: skip
    frozen = [modules[layer.id] for layer in spec.network.layers if layer.id in modules and layer.frozen]
    constants = [
        f"EPOCHS = {settings.epochs}",
        f"BATCH_SIZE = {settings.batch_size}",
        f"LEARNING_RATE = {values['learning_rate']!r}",
        f"WEIGHT_DECAY = {values.get('weight_decay', 0.0)!r}",
        *statement("LOSS_WEIGHTS", _dict({task.task: weights[task.task] for task in tasks})),
        *(statement("LEARNING_RATE_FACTORS", _dict(factors)) if factors else []),
        *(statement("FROZEN", Group("(", [text(name) for name in frozen], ")")) if frozen else []),
    ]
    functions = [
        (FACTOR_GROUPS if factors else PLAIN_GROUPS).strip("\n"),
        _optimizer(optimizer.torch_class, values),
        _schedule(schedule, schedule_values, sources),
        _data(spec, tasks, inputs),
        _losses(tasks),
        _loop(class_name, len(inputs) > 1, bool(frozen), settings.clip_norm),
    ]
    if schedule.id == "plateau":
        notes.append("plateau")
    if settings.weight_decay_schedule != "constant":
        notes.append("weight_decay")
    return TrainingText(constants, functions, tuple(notes))


def _weights(spec: ProjectSpec) -> tuple[dict[str, float], list[str]]:
    """What the losses are multiplied with at the start, and what that leaves out."""
    import torch

    notes = []
    method, values = chosen(balancing_methods(), spec.training.balancing, "training.balancing")
    given = LossWeights(spec.tasks, spec.training.normalise_weights)
    used = given.used(0.0)
    if given.varies:
        notes.append("weight_schedule")
    if method.works_on != "losses" or method.build is None:
        return used, [*notes, "balancing"]
    balancer = method.build(values, spec.task_ids, torch.device("cpu"))
    if balancer.parameters() or not method.constant:
        notes.append("balancing")
    return balancer.effective(used), notes


def _dict(values: Mapping[str, float]) -> Expression:
    return Group("{", [Named(f"{text(key)}: ", repr(round(value, 8))) for key, value in values.items()], "}")


def _optimizer(torch_class: str, values: Mapping[str, Any]) -> str:
    words = [Named("lr=", "LEARNING_RATE")] + [
        Named(f"{name}=", repr(tuple(value) if isinstance(value, list) else value))
        for name, value in values.items()
        if name not in ("learning_rate", "weight_decay")
    ]
    call = Group(f"torch.optim.{torch_class}(", ["parameter_groups(network)", *words], ")")
    return "\n".join([
        "def make_optimizer(network: nn.Module) -> torch.optim.Optimizer:",
        '    """The optimizer of the network."""',
        *laid_out(call, 1, "return "),
    ])  # fmt: skip


def _schedule(method: ScheduleMethod, values: Mapping[str, Any], sources: Sources) -> str:
    warm = float(values.get("warmup_epochs", 0.0))
    lines = [
        "def learning_rate_factor(step: int, total: int, per_epoch: int) -> float:",
        '    """What the learning rate is multiplied with at a step (0-based) of `total`."""',
    ]
    step, steps = "step", "total"
    if warm:
        lines += [
            f"    warm = min(round({warm!r} * per_epoch), max(total - 1, 0))",
            "    if step < warm:",
            "        return (step + 1) / (warm + 1)",
        ]
        step, steps = "step - warm", "total - warm"
    if method.curve.__name__ == "<lambda>":
        return "\n".join([*lines, "    return 1.0"])
    curve = sources.add(method.curve.__module__, method.curve.__name__)
    own = {name: value for name, value in values.items() if name != "warmup_epochs"}
    words = Group("{", [Named(f"{text(name)}: ", repr(value)) for name, value in own.items()], "}")
    return "\n".join([*lines, *laid_out(Group(f"{curve}(", [step, steps, "per_epoch", words], ")"), 1, "return ")])


def _data(spec: ProjectSpec, tasks: Sequence[TaskText], inputs: Mapping[str, str]) -> str:
    several = len(inputs) > 1
    kind = "dict[str, Tensor]" if several else "Tensor"
    lines = [
        f"class StandInData(Dataset[tuple[{kind}, dict[str, Tensor]]]):",
        '    """Random inputs and targets, so that the script runs as it is. Put your own data here."""',
        "",
        "    def __len__(self) -> int:",
        "        return 4 * BATCH_SIZE",
        "",
        f"    def __getitem__(self, index: int) -> tuple[{kind}, dict[str, Tensor]]:",
        '        """What goes into the network, standardised, and a target for each task; both without N."""',
    ]
    made = [f"torch.randn({item.channels}, IMAGE_SIZE, IMAGE_SIZE)" for item in spec.inputs]
    first = next(iter(inputs.values()))
    if several:
        entries = [Named(f"{text(inputs[item.id])}: ", value) for item, value in zip(spec.inputs, made, strict=True)]
        lines += laid_out(Group("{", entries, "}"), 2, "inputs = ")
        first = "inputs"
    else:
        lines.append(f"        {first} = {made[0]}")
    lines.append("        targets = {")
    for task in tasks:
        lines += [f"            # {task.target}", f"            {text(task.task)}: {task.sample},"]
    return "\n".join([*lines, "        }", f"        return {first}, targets"])


def _losses(tasks: Sequence[TaskText]) -> str:
    terms = [
        f"        {text(task.task)}: {task.function}(outputs[{text(task.task)}], targets[{text(task.task)}]),"
        for task in tasks
    ]
    return "\n".join([
        "def losses_of(outputs: dict[str, Tensor], targets: dict[str, Tensor]) -> dict[str, Tensor]:",
        '    """The loss of each task, unweighted."""',
        "    return {",
        *terms,
        "    }",
    ])  # fmt: skip


def _loop(class_name: str, several: bool, frozen: bool, clip: float | None) -> str:
    """The loop itself."""
    kind = "dict[str, Tensor]" if several else "Tensor"
    passed = "**inputs" if several else "inputs"
    moved = "{name: value.to(device) for name, value in inputs.items()}" if several else "inputs.to(device)"
    return "\n".join([
        *laid_out(Group("def train(", [
            f"network: {class_name}", f"data: Dataset[tuple[{kind}, dict[str, Tensor]]]", "steps: int | None = None",
        ], ")"), after=" -> list[float]:"),
        '    """Trains the network for EPOCHS, or for so many steps. Returns the total loss of each step."""',
        '    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")',
        "    loader = DataLoader(data, BATCH_SIZE, shuffle=True, drop_last=True)",
        "    total = EPOCHS * len(loader) if steps is None else steps",
        "    network.to(device).train()",
        *([
            "    for name in FROZEN:",
            "        network.get_submodule(name).requires_grad_(False).eval()",
        ] if frozen else []),
        "    optimizer = make_optimizer(network)",
        "    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_factor(step, total, len(loader)))",
        "    history: list[float] = []",
        "    while len(history) < total:",
        "        for inputs, targets in loader:",
        f"            inputs = {moved}",
        "            targets = {task: target.to(device) for task, target in targets.items()}",
        "",
        "            optimizer.zero_grad()",
        f"            outputs = network({passed})",
        "            losses = losses_of(outputs, targets)",
        "            loss = torch.stack([LOSS_WEIGHTS[task] * value for task, value in losses.items()]).sum()",
        "            loss.backward()",
        *([f"            nn.utils.clip_grad_norm_(network.parameters(), {clip!r})"] if clip is not None else []),
        "            optimizer.step()",
        "            schedule.step()",
        "",
        "            history.append(loss.item())",
        '            told = "  ".join(f"{task} {value.item():.3f}" for task, value in losses.items())',
        '            print(f"step {len(history)}/{total}  loss {loss.item():.3f}  {told}")',
        "            if len(history) == total:",
        "                break",
        "    return history",
    ])  # fmt: skip

"""The losses of a project as functions of a script."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtlstudio.network.export import names
from mtlstudio.network.export.layout import Expression, Group, Named, comment, flat, laid_out, statement, text
from mtlstudio.network.export.source import Sources
from mtlstudio.tasks.bound import DeclaredTask
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.losses import LOSSES
from mtlstudio.tasks.written import WrittenTask


@dataclass(frozen=True)
class TaskText:
    """One task in the script.

    Attributes:
        task: its id.
        function: name of its loss function.
        constants: lines.
        loss: the loss function's text.
        target: what a batch of its targets is, in words.
        sample: expression of a random target.
        reading: name of the function that says what an output means; `prediction` is its text.
        written: its type told all that; if not, the function stands in for one that must be written.
    """

    task: str
    function: str
    constants: list[str]
    loss: str
    target: str
    sample: str
    reading: str
    prediction: str
    written: bool = True


@dataclass
class TaskWriter:
    """Writes tasks one after the other; their loss functions share what they use.

    Attributes:
        sources: the loss functions that they use.
    """

    sources: Sources
    _taken: list[str] = field(default_factory=list)

    def write(self, bound: BoundTask) -> TaskText:
        """The text of one task."""
        name = names.identifier(bound.spec.id, "task", self._taken)
        self._taken.append(name)
        written = bound.written()
        if written is None or not isinstance(bound, DeclaredTask):
            return _stand_in(bound, name)
        prefix = name.upper()
        constants = {f"{prefix}_{key}": value for key, value in written.constants.items()}
        terms = self._terms(bound, written, prefix, constants)

        def filled(expression: str, output: str = "output") -> str:
            return expression.replace("{name}", prefix).replace("{output}", output)

        target = filled(written.target)
        lines = [
            f"def {name}_loss(output: Tensor, target: Tensor) -> Tensor:",
            f'    """{comment(bound.spec.name)}: {comment(written.about)}. `target` {target}."""',
            *([f"    output = {filled(written.output)}"] if written.output != "output" else []),
            f"    known = {filled(written.known)}",
            *([f"    target = {filled(written.wanted)}"] if written.wanted != "target" else []),
            *terms,
        ]
        return TaskText(
            bound.spec.id, f"{name}_loss", _constants(constants), "\n".join(_wrapped(lines)), target,
            filled(written.sample), f"read_{name}", _reading(bound, name, filled(written.prediction)),
        )  # fmt: skip

    def _terms(self, bound: DeclaredTask, written: WrittenTask, prefix: str, constants: dict[str, Any]) -> list[str]:
        """The `return` of a loss function: its losses, weighted, added up."""
        terms: list[tuple[float, Group]] = []
        for loss_id, weight, parameters in bound.losses:
            function = _function(loss_id, written)
            words: list[Expression] = []
            for key, value in parameters.items():
                if key in ("class_weights", "pos_weight"):
                    weights = bound.class_weights() if value == "balanced" else None
                    if weights is not None:
                        constants[f"{prefix}_{key.upper()}"] = list(weights)
                        words.append(Named(f"{key}=", f"{prefix}_{key.upper()}.to(output.device)"))
                elif value != (function.__kwdefaults__ or {}).get(key, ...):
                    words.append(Named(f"{key}=", repr(value)))
            called = self.sources.add(function.__module__, function.__name__)
            terms.append((weight, Group(f"{called}(", [*written.arguments, *words], ")")))
        return _sum(terms)


def _function(loss_id: str, written: WrittenTask) -> Any:
    """The function that computes a loss."""
    if loss_id not in written.functions:
        return LOSSES[loss_id].function
    module, _, name = written.functions[loss_id].rpartition(".")
    return getattr(importlib.import_module(module), name)


def _sum(terms: list[tuple[float, Group]]) -> list[str]:
    parts = [(f"{weight!r} * " if weight != 1.0 else "") + flat(term) for weight, term in terms]
    line = "    return " + " + ".join(parts)
    if len(parts) == 1 or len(line) <= 120:
        return laid_out(terms[0][1], 1, f"return {parts[0][: -len(flat(terms[0][1]))]}") if len(parts) == 1 else [line]
    return ["    return (", f"        {parts[0]}", *(f"        + {part}" for part in parts[1:]), "    )"]


def _constants(values: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, value in values.items():
        lines += statement(name, _literal(value))
    return lines


def _literal(value: Any) -> Expression:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return Group("torch.tensor(", [Group("[", [_literal(item) for item in value], "]")], ")")
    if isinstance(value, tuple):
        return Group("(", [_literal(item) for item in value], ")") if value else "()"
    return repr(value)


def _reading(bound: BoundTask, name: str, expression: str) -> str:
    return (
        f"def read_{name}(output: Tensor) -> Any:\n"
        f'    """What the output of one picture (without N) says of {comment(bound.spec.name)}."""\n'
        f"    return {expression}"
    )


def _stand_in(bound: BoundTask, name: str) -> TaskText:
    loss = (
        f"def {name}_loss(output: Tensor, target: Tensor) -> Tensor:\n"
        f'    """{comment(bound.spec.name)}: a stand-in. Write the loss of this task here."""\n'
        "    return (output - target).square().mean()"
    )
    return TaskText(
        bound.spec.id, f"{name}_loss", [], loss, "anything your loss takes", "torch.zeros(())",
        f"read_{name}", _reading(bound, name, "output"), written=False,
    )  # fmt: skip


def _wrapped(lines: list[str]) -> list[str]:
    """A docstring that is too long goes on a line of its own below the quotes."""
    first = lines[1]
    if len(first) <= 120:
        return lines
    about, _, rest = first.strip().strip('"').partition(" `target` ")
    return [lines[0], f'    """{about}', "", f"    `target` {rest}", '    """', *lines[2:]]

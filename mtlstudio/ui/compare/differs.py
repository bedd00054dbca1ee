"""In what two runs differ, in words, and what that forbids to conclude. Pure, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.project.settings import DataSettings, TrainingSettings, parameters_of
from mtlstudio.runs.differences import (
    NETWORK,
    FieldChange,
    NetworkChange,
    causes,
    network_change,
    setting_changes,
    shown,
)
from mtlstudio.training.methods import balancing_methods, optimizers, schedules
from mtlstudio.ui.compare.rows import RunRow

_METHOD = "training.balancing.method"
_METHODS = ("training.optimizer.", "training.schedule.", "training.balancing.")
"""Before the parameters of methods, which stand in a project only where they are not at their defaults."""


@dataclass(frozen=True)
class Told:
    """How a second run differs from a first one.

    Attributes:
        verdict: what the differences allow to conclude.
        careful: several things changed: no single one can be credited.
        parts: (what, how) of each difference: `balance`, `Fixed λ → PCGrad`.
        equal: what is the same, in words.
        network: whether the networks differ.
    """

    verdict: str
    careful: bool
    parts: tuple[tuple[str, str], ...]
    equal: str
    network: bool


def told(first: RunRow, second: RunRow) -> Told:
    """The differences of two runs, networks first."""
    specs = [first.spec, second.spec]
    changes, network = setting_changes(specs), network_change(second.spec, first.spec)
    count = len(_counted(causes(specs)))
    parts = [*_network(first, second, network), *_settings(first, second, changes), *_results(first, second)]
    return Told(_verdict(count), count > 1, tuple(parts), _equal(changes, network), bool(network))


def _counted(fields: Sequence[str]) -> set[str]:
    """A method and its own parameters are one thing; so is the network."""
    found = set()
    for field in fields:
        method = field.startswith("training.balancing.")
        found.add(_METHOD if method else field if field != NETWORK else NETWORK)
    return found


def _verdict(count: int) -> str:
    if count == 0:
        return tr("They were trained alike; only chance differs.")
    if count == 1:
        return tr("One thing changed.")
    return tr("{n} things changed: do not credit one of them alone.", n=count)


def _network(first: RunRow, second: RunRow, change: NetworkChange) -> list[tuple[str, str]]:
    if not change:
        return []
    found = []
    if first.sharing != second.sharing:
        found.append((tr("network"), f"{first.sharing} → {second.sharing}"))
    counts = [
        (len(change.added), ntr("{n} layer new", "{n} layers new", len(change.added))),
        (len(change.missing), ntr("{n} layer gone", "{n} layers gone", len(change.missing))),
        (len(change.changed), ntr("{n} layer changed", "{n} layers changed", len(change.changed))),
        (len(change.shared), ntr("{n} layer shared otherwise", "{n} layers shared otherwise", len(change.shared))),
        (len(change.rewired), ntr("{n} layer connected otherwise", "{n} layers connected otherwise",
                                  len(change.rewired))),
    ]  # fmt: skip
    found.append((tr("layers"), ", ".join(words for count, words in counts if count)))
    return found


def _settings(first: RunRow, second: RunRow, changes: Sequence[FieldChange]) -> list[tuple[str, str]]:
    found = []
    if first.balance != second.balance:
        found.append((tr("balance"), f"{first.balance} → {second.balance}"))
    for change in changes:
        if change.field != _METHOD:
            before, after = change.values
            absent = tr("default") if change.field.startswith(_METHODS) else "—"
            found.append((field_words(change.field, first), f"{_text(before, absent)} → {_text(after, absent)}"))
    return found


def _results(first: RunRow, second: RunRow) -> list[tuple[str, str]]:
    """What follows from the differences: the number of parameters."""
    before, after = first.summary.parameters, second.summary.parameters
    if not before or not after or before == after:
        return []
    apart = f"{(after - before) / 1e6:+.2f} M".replace("-", "−")
    return [(tr("parameters"), apart)]


def _equal(changes: Sequence[FieldChange], network: NetworkChange) -> str:
    """The things that people ask for first, where they are the same."""
    fields = {change.field for change in changes}
    areas = {change.area for change in changes}
    same = []
    if not network:
        same.append(tr("network"))
    if "training.seed" not in fields:
        same.append(tr("seed"))
    if not areas & {"data", "datasets"}:
        same.append(tr("data"))
    if "training.epochs" not in fields:
        same.append(tr("epochs"))
    return tr("{things} equal", things=", ".join(same)) if same else ""


def field_words(field: str, row: RunRow) -> str:
    """A field as a person calls it: `λ of Breed`, `Batch`; else its path."""
    names = {task.id: task.name for task in row.spec.tasks}
    parts = field.split(".")
    if parts[0] == "tasks" and len(parts) > 2 and parts[1] in names:
        if parts[2] == "loss_weight":
            return tr("λ of {task}", task=names[parts[1]])
        return f"{names[parts[1]]}: {'.'.join(parts[2:])}"
    known = {f"data.{one.name}": one.label for one in parameters_of(DataSettings)}
    known |= {f"training.{one.name}": one.label for one in parameters_of(TrainingSettings)}
    chosen = (row.spec.training.optimizer, row.spec.training.schedule, row.spec.training.balancing)
    for prefix, spec, methods in zip(_METHODS, chosen, (optimizers(), schedules(), balancing_methods()), strict=True):
        known |= {f"{prefix}{one.name}": one.label for m in methods if m.id == spec.method for one in m.parameters}
    return tr({**known, "training.strategy": mark("Strategy")}.get(field, "")) or field


def _text(value: Any, absent: str = "—") -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return shown(value)
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value) or "—"
    return absent if value is None or value == "" else str(value)

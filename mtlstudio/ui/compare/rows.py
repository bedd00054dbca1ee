"""What the table of runs shows of a run, read from its folder; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project.codec import to_json
from mtlstudio.project.graph import CycleError, trunk
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder, RunInfo
from mtlstudio.runs.summary import RunSummary
from mtlstudio.tasks.registry import task_type
from mtlstudio.training.methods import balancing_methods

LEFT_OUT = ("format", "version", "name", "network.layers", "network.connections", "network.outputs")


@dataclass(frozen=True)
class RunRow:
    """One run of the table.

    Attributes:
        sharing: up to which layer all tasks share, in words.
        balance: the name of the balancing method.
        metrics: task id -> its main metric at the best epoch, on the validation split.
    """

    run: RunFolder
    info: RunInfo
    summary: RunSummary
    spec: ProjectSpec
    sharing: str
    balance: str
    metrics: dict[str, float | None]


def read_row(run: RunFolder) -> RunRow | None:
    """The row of a run; None for one whose files cannot be read."""
    try:
        info, summary, spec = run.info(), run.summary(), run.spec()
    except (StudioError, OSError):
        return None
    names = {method.id: tr(method.name) for method in balancing_methods()}
    return RunRow(
        run,
        info,
        summary,
        spec,
        sharing_words(spec),
        names.get(spec.training.balancing.method, spec.training.balancing.method),
        {task.id: _main(spec, summary, task.id) for task in spec.tasks},
    )


def sharing_words(spec: ProjectSpec) -> str:
    """`shared up to Stage 3`, `separate`, `one task`."""
    if len(spec.tasks) < 2:
        return tr("one task")
    try:
        shared = trunk(spec.network, spec.task_ids)
    except CycleError:
        return "—"
    layers = [spec.network.layer(layer_id) for layer_id in shared]
    layers = [layer for layer in layers if layer.type != "input"]
    return tr("shared up to {layer}", layer=layers[-1].name) if layers else tr("separate")


def differences(rows: Sequence[RunRow]) -> list[tuple[str, list[str]]]:
    """The fields in which runs differ, each with its value per run; the network as who shares what and its size."""
    flat = [_flat(to_json(row.spec)) for row in rows]
    keys = dict.fromkeys(key for values in flat for key in values)
    found = [
        (key, [_text(values.get(key)) for values in flat])
        for key in keys
        if not key.startswith(LEFT_OUT) and len({_text(values.get(key)) for values in flat}) > 1
    ]
    if len({row.spec.network for row in rows}) > 1:
        found.insert(0, (tr("network"), [f"{row.sharing}, {len(row.spec.network.layers)}" for row in rows]))
    return found


def duration(seconds: float) -> str:
    """`1:12` or `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _main(spec: ProjectSpec, summary: RunSummary, task_id: str) -> float | None:
    try:
        metric = task_type(spec.task(task_id).type).main_metric().id
    except KeyError:
        return None
    return summary.metrics.get(task_id, {}).get(metric)


def _flat(values: Any, path: str = "") -> dict[str, Any]:
    if isinstance(values, dict):
        items = values.items()
    elif isinstance(values, list) and values and all(isinstance(item, dict) and "id" in item for item in values):
        items = {item["id"]: item for item in values}.items()
    else:
        return {path: values}
    found: dict[str, Any] = {}
    for key, value in items:
        found.update(_flat(value, f"{path}.{key}" if path else str(key)))
    return found


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "—" if value is None else str(value)

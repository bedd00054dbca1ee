"""`mtlstudio check DIR`: problems, shapes and costs of the network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mtlstudio.base.texts import mark, tr
from mtlstudio.cli.interface import Command, load_project, print_json
from mtlstudio.project.graph import CycleError, order
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import LayerSpec, ProjectSpec

if TYPE_CHECKING:
    from mtlstudio.network.analyze import Analysis, Cost


class _Check(Command):
    id = "check"
    summary = mark("check the network: problems, shapes, costs by who shares them")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("a project folder"))
        parser.add_argument("--json", action="store_true", help=tr("one JSON document"))

    def run(self, arguments: argparse.Namespace) -> int:
        from mtlstudio.network.analyze import analyze
        from mtlstudio.network.summary import summary

        spec = load_project(arguments.folder)
        analysis = analyze(spec)
        if arguments.json:
            print_json(_document(spec, analysis))
        else:
            print(summary(spec, analysis), end="")
        return 1 if any(problem.severity == Severity.ERROR for problem in analysis.problems) else 0


def _layers(spec: ProjectSpec) -> list[LayerSpec]:
    try:
        ids = order(spec.network)
    except CycleError:
        return list(spec.network.layers)
    return [spec.network.layer(layer_id) for layer_id in ids]


def _tasks(spec: ProjectSpec, tasks: frozenset[str]) -> list[str]:
    return [task_id for task_id in spec.task_ids if task_id in tasks]


def _document(spec: ProjectSpec, analysis: Analysis) -> dict[str, object]:
    layers = []
    for layer in _layers(spec):
        report = analysis.layers.get(layer.id)
        shapes = report.output_shapes if report else {}
        first = next(iter(shapes.values()), None)
        layers.append({
            "id": layer.id, "name": layer.name, "type": layer.type, "tasks": _tasks(spec, layer.tasks),
            "output_shape": list(shapes.get("out", first or ())) or None,
            "output_shapes": {port: list(shape) for port, shape in shapes.items()},
            "parameters": report.parameters if report else None,
            "macs": report.macs if report else None,
            "uncounted": list(report.uncounted) if report else [],
        })  # fmt: skip
    return {
        "problems": [problem.as_json() for problem in analysis.problems],
        "layers": layers,
        "shared_by": [
            {"tasks": _tasks(spec, tasks), **_cost(cost)} for tasks, cost in analysis.costs.items()
        ],
        "total": _cost(analysis.total),
        "separate": _cost(analysis.separate),
    }  # fmt: skip


def _cost(cost: Cost) -> dict[str, int]:
    return {"parameters": cost.parameters, "macs": cost.macs, "activation_bytes": cost.activation_bytes}


COMMAND = _Check()

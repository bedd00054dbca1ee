"""Analysis: shapes, costs and problems of a network, whatever its faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mtlstudio.network import mends as mends  # adds what mends the problems
from mtlstudio.network.analysis import Analysis, Cost, LayerReport
from mtlstudio.network.examine import AnalysisCancelled, Examination
from mtlstudio.network.memo import Memo, shared_memo
from mtlstudio.network.outputs import check_outputs
from mtlstudio.network.warnings import warnings
from mtlstudio.network.wiring import Wiring
from mtlstudio.project.check import check_structure
from mtlstudio.project.spec import ProjectSpec

__all__ = ["Analysis", "AnalysisCancelled", "Cost", "LayerReport", "Memo", "analyze", "conclude"]


def analyze(spec: ProjectSpec, memo: Memo | None = None, cancelled: Callable[[], bool] | None = None) -> Analysis:
    """Shapes, parameters, MACs, memory and problems of a project's network.

    Never fails because of a wrong network: what is wrong stands in the result. A layer behind a faulty one has unknown
    shapes and no problem of its own.

    Args:
        memo: what is remembered from one call to the next; default: this process's own.
        cancelled: asked before each layer.

    Raises:
        AnalysisCancelled: `cancelled` said so.
    """
    return conclude(Examination(spec, shared_memo() if memo is None else memo, cancelled))


def conclude(examined: Examination) -> Analysis:
    """The analysis that follows from an examination of all layers."""
    spec, wired = examined.spec, examined.wired
    reports = {layer_id: examined.reports.get(layer_id, LayerReport()) for layer_id in wired.layers}
    problems = [
        *check_structure(spec, examined.takes_several),
        *(problem for report in reports.values() for problem in report.problems),
    ]
    problems += check_outputs(spec, wired, reports)
    problems += warnings(spec, wired, reports)
    return Analysis(reports, tuple(problems), *_costs(wired, reports))


def _costs(wired: Wiring, reports: Mapping[str, LayerReport]) -> tuple[dict[frozenset[str], Cost], Cost, Cost]:
    by_tasks: dict[frozenset[str], Cost] = {}
    for layer_id, report in reports.items():
        tasks = wired.layers[layer_id].tasks
        by_tasks[tasks] = by_tasks.get(tasks, Cost()) + report.cost
    total = sum(by_tasks.values(), Cost())
    separate = sum((cost.times(max(1, len(tasks))) for tasks, cost in by_tasks.items()), Cost())
    return by_tasks, total, separate

"""Analysis: shapes, costs and problems of a network, whatever its faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mtlstudio.base.texts import language
from mtlstudio.network import mends as mends  # adds what mends the problems
from mtlstudio.network.analysis import Analysis, Cost, LayerReport
from mtlstudio.network.examine import AnalysisCancelled, Examination
from mtlstudio.network.memo import Memo, shared_memo
from mtlstudio.network.outputs import check_outputs
from mtlstudio.network.warnings import warnings
from mtlstudio.network.wiring import Wiring
from mtlstudio.project.check import check_structure
from mtlstudio.project.problems import Problem, Severity
from mtlstudio.project.spec import ProjectSpec

__all__ = ["Analysis", "AnalysisCancelled", "Cost", "LayerReport", "Memo", "analyze", "conclude", "errors_of"]


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
    return conclude(examined(spec, memo, cancelled))


def examined(spec: ProjectSpec, memo: Memo | None = None, cancelled: Callable[[], bool] | None = None) -> Examination:
    """The walk over the layers; that of the very same specification (nobody can change it) is not made twice.

    Raises:
        AnalysisCancelled: `cancelled` said so.
    """
    memo = shared_memo() if memo is None else memo
    latest = memo.latest
    if isinstance(latest, Examination) and latest.spec is spec and latest.language == language():
        return latest
    made = Examination(spec, memo, cancelled)
    memo.latest = made
    return made


def conclude(found: Examination) -> Analysis:
    """The analysis that follows from an examination of all layers."""
    spec, wired = found.spec, found.wired
    reports = {layer_id: found.reports.get(layer_id, LayerReport()) for layer_id in wired.layers}
    problems = (*_faults(found, reports), *warnings(spec, wired, reports))
    return Analysis(reports, problems, *_costs(wired, reports))


def errors_of(found: Examination) -> tuple[Problem, ...]:
    """What keeps an examined network from being built; the costs are not reckoned."""
    if found.errors is None:
        reports = {layer_id: found.reports.get(layer_id, LayerReport()) for layer_id in found.wired.layers}
        found.errors = tuple(item for item in _faults(found, reports) if item.severity is Severity.ERROR)
    return found.errors


def _faults(found: Examination, reports: Mapping[str, LayerReport]) -> list[Problem]:
    return [
        *check_structure(found.spec, found.takes_several),
        *(problem for report in reports.values() for problem in report.problems),
        *check_outputs(found.spec, found.wired, reports),
    ]


def _costs(wired: Wiring, reports: Mapping[str, LayerReport]) -> tuple[dict[frozenset[str], Cost], Cost, Cost]:
    by_tasks: dict[frozenset[str], Cost] = {}
    for layer_id, report in reports.items():
        tasks = wired.layers[layer_id].tasks
        by_tasks[tasks] = by_tasks.get(tasks, Cost()) + report.cost
    total = sum(by_tasks.values(), Cost())
    separate = sum((cost.times(max(1, len(tasks))) for tasks, cost in by_tasks.items()), Cost())
    return by_tasks, total, separate

"""A network as a table of plain text, to be read, copied, kept. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mtlstudio.base.texts import ntr, tr
from mtlstudio.network.analysis import Analysis, Cost, LayerReport
from mtlstudio.network.interface import Shape, layer_type
from mtlstudio.network.wiring import wiring
from mtlstudio.project.spec import LayerSpec, ProjectSpec


def summary(spec: ProjectSpec, analysis: Analysis) -> str:
    """Layer by layer: name, type, who shares it, shapes, parameters, MACs; then totals by set of tasks,
    and the problems.

    Args:
        analysis: of the same specification.
    """
    columns = [tr("Layer"), tr("Type"), tr("Tasks"), tr("Input"), tr("Output"), tr("Parameters"), tr("MACs")]
    rows = [_row(spec, layer, analysis.layers.get(layer.id)) for layer in _in_order(spec)]
    title = tr(
        "{project}: {layers} layers, {tasks} tasks, pictures of {size} × {size}",
        project=spec.name, layers=len(rows), tasks=len(spec.tasks), size=spec.data.image_size,
    )  # fmt: skip
    totals = [
        [_sharers(spec, tasks), *_figures(cost)]
        for tasks, cost in sorted(analysis.costs.items(), key=lambda item: _rank(spec, item[0]))
    ]
    totals += [[tr("All layers"), *_figures(analysis.total)], [tr("Nothing shared"), *_figures(analysis.separate)]]
    heads = [tr("Shared by"), tr("Parameters"), tr("MACs"), tr("Activations")]
    parts = [title, _table(columns, rows, {5, 6}), _table(heads, totals, {1, 2, 3})]
    if uncounted := sorted({name for report in analysis.layers.values() for name in report.uncounted}):
        parts.append(tr("Not counted among the MACs: {operations}", operations=", ".join(uncounted)))
    found = [f"  {problem.severity}: {problem.line()}" for problem in analysis.problems]
    count = ntr("{n} problem:", "{n} problems:", len(found)) if found else tr("No problems.")
    parts.append("\n".join([count, *found]))
    return "\n\n".join(parts) + "\n"


def _in_order(spec: ProjectSpec) -> list[LayerSpec]:
    """Each layer after those that it depends on; those in a cycle last."""
    found = wiring(spec.network)
    order = [found.layers[layer_id] for layer_id in found.order]
    return order + [layer for layer in found.layers.values() if layer.id not in found.order]


def _row(spec: ProjectSpec, layer: LayerSpec, report: LayerReport | None) -> list[str]:
    arriving = [shape for group in report.input_shapes.values() for shape in group] if report else []
    leaving = [report.output_shape] if report and report.output_shape else []
    marks = [mark for mark, is_so in ((tr("frozen"), layer.frozen), (tr("bypassed"), layer.bypassed)) if is_so]
    name = f"{layer.name} ({', '.join(marks)})" if marks else layer.name
    return [
        name, _type_name(layer), _sharers(spec, layer.tasks), _shapes(arriving), _shapes(leaving),
        f"{report.parameters:,}" if report else "?", _millions(report.macs) if report else "?",
    ]  # fmt: skip


def _type_name(layer: LayerSpec) -> str:
    try:
        return tr(layer_type(layer.type).name)
    except KeyError:
        return layer.type


def _sharers(spec: ProjectSpec, tasks: frozenset[str]) -> str:
    if len(spec.tasks) > 1 and tasks >= set(spec.task_ids):
        return tr("all")
    names = [task.name for task in spec.tasks if task.id in tasks]
    return " + ".join(names[:4]) + (" …" if len(names) > 4 else "") if names else "—"


def _rank(spec: ProjectSpec, tasks: frozenset[str]) -> tuple[int, list[int]]:
    """The most shared first, then in the order of the tasks."""
    return -len(tasks), [index for index, task in enumerate(spec.task_ids) if task in tasks]


def _shapes(shapes: Iterable[Shape]) -> str:
    """`3 × 64 × 64`; several of one shape are counted."""
    counts: dict[Shape, int] = {}
    for shape in shapes:
        counts[shape] = counts.get(shape, 0) + 1
    words = [" × ".join(map(str, shape)) + (f" ({count}×)" if count > 1 else "") for shape, count in counts.items()]
    return ", ".join(words) or "?"


def _figures(cost: Cost) -> list[str]:
    return [f"{cost.parameters:,}", _millions(cost.macs), f"{cost.activation_bytes / 2**20:,.1f} MiB"]


def _millions(count: int) -> str:
    return f"{count / 1e6:,.1f} M"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: set[int]) -> str:
    widths = [max(_width(line[column]) for line in (heads, *rows)) for column in range(len(heads))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [_line(heads, widths, numbers), rule, *(_line(row, widths, numbers) for row in rows)]
    return "\n".join(line.rstrip() for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], numbers: set[int]) -> str:
    padded: Mapping[int, str] = {column: " " * (widths[column] - _width(cell)) for column, cell in enumerate(cells)}
    return "  ".join(
        padded[column] + cell if column in numbers else cell + padded[column] for column, cell in enumerate(cells)
    )


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(character) else 1 + (east_asian_width(character) in "WF") for character in text)

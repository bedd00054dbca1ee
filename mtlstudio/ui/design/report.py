"""The report of Analyze as plain tables: per layer and per set of tasks; as CSV and as HTML. No Qt."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.analysis import Analysis, Cost, LayerReport
from mtlstudio.network.interface import layer_type
from mtlstudio.project.graph import groups
from mtlstudio.project.spec import LayerSpec, ProjectSpec
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.columns import ordered_layers
from mtlstudio.ui.design.costs import tasks_words

LAYER_COLUMNS = (
    mark("Layer"), mark("Type"), mark("Tasks"), mark("In"), mark("Out"), mark("Parameters"), mark("of all"),
    mark("MACs"), mark("of all"), mark("Activations"), mark("Receptive field"), mark("Not in the MACs"),
    mark("Problems"),
)  # fmt: skip
TASK_COLUMNS = (
    mark("Tasks"), mark("Layers"), mark("Parameters"), mark("of all"), mark("MACs"), mark("of all"),
    mark("Activations"), mark("Saved by sharing"),
)  # fmt: skip
WORDS = {"layers": 5, "tasks": 1}
"""So many columns of each table are words; the others are figures."""


@dataclass(frozen=True)
class Cell:
    """What stands in a table: words to read, and the number to sort and export by, if it is one."""

    text: str
    number: float | None = None
    tip: str = ""


@dataclass(frozen=True)
class Line:
    """A line of a table; `layer`: its id, `tasks` those that it is about."""

    cells: tuple[Cell, ...]
    layer: str = ""
    tasks: frozenset[str] = frozenset()


def layer_lines(spec: ProjectSpec, analysis: Analysis) -> list[Line]:
    """A line for each layer, in the order of the way."""
    layers = {layer.id: layer for layer in spec.network.layers}
    return [
        Line(_layer_cells(spec, layers[layer_id], analysis, place), layer_id, layers[layer_id].tasks)
        for place, layer_id in enumerate(ordered_layers(spec.network))
    ]


def task_lines(spec: ProjectSpec, analysis: Analysis) -> list[Line]:
    """A line for each set of tasks that shares layers, and one for all of them."""
    lines = []
    for place, tasks in enumerate(groups(spec)):
        count = sum(layer.tasks == tasks for layer in spec.network.layers)
        cost = analysis.costs.get(tasks, Cost())
        lines.append(Line(_cost_cells(tasks_words(spec, tasks), place, count, cost, analysis, len(tasks)), "", tasks))
    saved = analysis.separate.parameters - analysis.total.parameters
    total = _cost_cells(tr("Together"), len(lines), len(spec.network.layers), analysis.total, analysis, 1)
    return [*lines, Line((*total[:-1], _count(saved)))]


def as_csv(columns: Sequence[str], lines: Sequence[Line]) -> str:
    """With plain numbers, for a table calculator."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([tr(name) for name in columns])
    for line in lines:
        writer.writerow([_plain(cell, index) for index, cell in enumerate(line.cells)])
    return out.getvalue()


def as_html(columns: Sequence[str], lines: Sequence[Line]) -> str:
    """A table for a text or a mail."""
    head = "".join(f"<th>{escape(tr(name))}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f'<td align="{_side(cell)}">{escape(cell.text)}</td>' for cell in line.cells) + "</tr>"
        for line in lines
    )
    return f"<table border='1' cellspacing='0' cellpadding='4'><tr>{head}</tr>{body}</table>"


def as_text(columns: Sequence[str], lines: Sequence[Line]) -> str:
    """With tabs between the columns."""
    rows = ["\t".join(tr(name) for name in columns)]
    rows += ["\t".join(cell.text for cell in line.cells) for line in lines]
    return "\n".join(rows) + "\n"


def _layer_cells(spec: ProjectSpec, layer: LayerSpec, analysis: Analysis, place: int) -> tuple[Cell, ...]:
    report, total = analysis.layers.get(layer.id, LayerReport()), analysis.total
    try:
        type_name = tr(layer_type(layer.type).name)
    except KeyError:
        type_name = layer.type
    inputs = [figures.shape(shape) for shapes in report.input_shapes.values() for shape in shapes]
    outputs = [figures.shape(shape) for shape in report.output_shapes.values()]
    field = report.receptive_field
    told = "\n".join(problem.text() for problem in analysis.problems if _is_of(problem.place, layer.id))
    count = sum(_is_of(problem.place, layer.id) for problem in analysis.problems)
    return (
        Cell(layer.name, place),
        Cell(type_name),
        Cell(tasks_words(spec, layer.tasks)),
        Cell(" + ".join(inputs)),
        Cell(" · ".join(dict.fromkeys(outputs))),
        _count(report.parameters),
        _share(report.parameters, total.parameters),
        _count(report.macs),
        _share(report.macs, total.macs),
        Cell(figures.memory(report.activation_bytes), report.activation_bytes),
        Cell(tr("{n} px", n=field) if field is not None else "—", field or 0),
        Cell(", ".join(report.uncounted), len(report.uncounted)),
        Cell(str(count or ""), count, told),
    )


def _cost_cells(words: str, place: int, layers: int, cost: Cost, analysis: Analysis, sharers: int) -> tuple[Cell, ...]:
    total = analysis.total
    return (
        Cell(words, place),
        Cell(str(layers), layers),
        _count(cost.parameters),
        _share(cost.parameters, total.parameters),
        _count(cost.macs),
        _share(cost.macs, total.macs),
        Cell(figures.memory(cost.activation_bytes), cost.activation_bytes),
        _count(cost.parameters * max(0, sharers - 1)),
    )


def _count(value: int) -> Cell:
    return Cell(figures.count(value) if value else "0", value)


def _share(part: int, whole: int) -> Cell:
    return Cell(figures.percent(part, whole), part / whole if whole else 0.0)


def _is_of(place: object, layer_id: str) -> bool:
    return getattr(place, "kind", "") == "layer" and getattr(place, "id", "") == layer_id


def _plain(cell: Cell, index: int) -> str:
    """A number as it is; names as words."""
    if cell.number is None or index == 0:
        return cell.text
    return f"{cell.number:.6g}" if isinstance(cell.number, float) else str(cell.number)


def _side(cell: Cell) -> str:
    return "left" if cell.number is None else "right"

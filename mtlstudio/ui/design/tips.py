"""What a tool tip on the grid says."""

from __future__ import annotations

from mtlstudio.base.texts import language, tr
from mtlstudio.network.interface import layer_type
from mtlstudio.project.problems import Problem
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.hits import Hit
from mtlstudio.ui.design.layout import GridLayout
from mtlstudio.ui.design.picture import Picture, task_words


def tip(hit: Hit, picture: Picture, layout: GridLayout) -> str:
    """Lines about what lies under the pointer; "" for nothing."""
    if hit.kind == "fold":
        row = layout.rows[hit.row]
        name = picture.group_names.get(row.group or picture.group_of(row.task), "")
        return tr("Unfold {group}", group=name) if row.group else tr("Fold {group}", group=name)
    if hit.kind == "head":
        return tr("Give it a head")
    if hit.kind == "end":
        return tr("Nothing comes after it yet: add a layer")
    if hit.kind == "group":
        return tr("{group}: a double click folds it", group=picture.group_names.get(hit.group, ""))
    if hit.kind == "split":
        return tr("Drag: how far all tasks share the network")
    if hit.kind == "slider":
        return tr("Loss weight λ; a double click lets you type it")
    if hit.kind in ("header", "name"):
        row = layout.rows[hit.row]
        if row.group:
            inside = [task.name for task in picture.spec.tasks if task.id in row.tasks]
            return "\n".join([picture.group_names.get(row.group, ""), *inside])
        task = picture.spec.task(row.task)
        return "\n".join([task.name, *(line for line in task_words(task, language()) if line)])
    if hit.kind == "edge":
        return tr("Pull over another row to share with that task; push back to give each its own")
    if hit.kind == "port":
        return tr("Pull to another card to connect them")
    names = {layer.id: layer.name for layer in picture.spec.network.layers}
    if hit.connection is not None:
        ends = {"source": names.get(hit.connection.source, ""), "target": names.get(hit.connection.target, "")}
        return tr("From {source} to {target}", **ends)
    members = layout.layers_of(hit.layer)
    if len(members) > 1:
        return "\n".join(names.get(layer_id, "") for layer_id in members[:20])
    return _about(hit.layer, picture) if hit.layer in names else ""


def _about(layer_id: str, picture: Picture) -> str:
    layer = picture.spec.network.layer(layer_id)
    try:
        lines = [layer.name, tr(layer_type(layer.type).name)]
    except KeyError:
        lines = [layer.name, layer.type]
    lines.append(", ".join(task.name for task in picture.spec.tasks if task.id in layer.tasks))
    report = picture.analysis.layers.get(layer_id) if picture.analysis is not None else None
    problems: tuple[Problem, ...] = ()
    if report is not None:
        lines.append(tr("{n} parameters", n=figures.count(report.parameters)))
    if layer_id in picture.tints:
        lines += picture.tints[layer_id].lines
    if picture.thumbs is not None:
        lines += picture.thumbs.lines(layer_id)
    if picture.analysis is not None:
        problems = tuple(p for p in picture.analysis.problems if p.place.kind == "layer" and p.place.id == layer_id)
    return "\n".join([*lines, *(problem.text() for problem in problems)])

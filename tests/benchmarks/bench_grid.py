"""The sharing grid: layout, painting, and the split point dragged with live costs."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.analysis import Analysis, LayerReport
from mtlstudio.network.analyze import Memo, analyze
from mtlstudio.network.templates.registry import template
from mtlstudio.project.edits import insert_on_connection, set_split_point, split_positions
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.layout import Room, lay_out
from mtlstudio.ui.design.viewport import Viewport
from mtlstudio.ui.theme import TASK_COLOURS, apply_theme

WIDTH, HEIGHT = 1000, 640


def project(layers: int, tasks: int = 4) -> ProjectSpec:
    """Half of the layers in the trunk, the rest in the tasks' own ways."""
    names = [f"t{i}" for i in range(tasks)]
    made, ways, outputs = [_layer("image", "input", names, input="image")], [], []
    trunk = "image"
    for i in range(layers // 2):
        made.append(_layer(f"s{i}", "convolution", names, out_channels=8))
        ways.append(Connection(trunk, f"s{i}"))
        trunk = f"s{i}"
    for name in names:
        before = trunk
        for i in range(max(0, layers // (2 * tasks) - 2)):
            made.append(_layer(f"{name}_{i}", "convolution", [name], out_channels=8))
            ways.append(Connection(before, f"{name}_{i}"))
            before = f"{name}_{i}"
        made += [_layer(f"{name}_pool", "global_pool", [name]), _layer(f"{name}_head", "linear_head", [name])]
        ways += [Connection(before, f"{name}_pool"), Connection(f"{name}_pool", f"{name}_head")]
        outputs.append(Output(name, f"{name}_head"))
    specs = tuple(
        TaskSpec(name, name, "classification", TASK_COLOURS[i % 8], FrozenDict(class_names=("a", "b")))
        for i, name in enumerate(names)
    )
    return ProjectSpec("grid", tasks=specs, network=NetworkSpec(tuple(made), tuple(ways), tuple(outputs)))


def crossed(tasks: int) -> ProjectSpec:
    """Many tasks with shared and own experts: more connections that pass other cards than any other network has."""
    made = tuple(
        TaskSpec(f"t{i}", f"t{i}", "classification", TASK_COLOURS[i % 8], FrozenDict(class_names=("a", "b")))
        for i in range(tasks)
    )
    spec = ProjectSpec("crossed", tasks=made)
    return spec.with_network(template("ple").build(spec))


def measure() -> list[tuple[str, float, str, str]]:
    """The figures."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    apply_theme(app, "dark")
    thousand, large = project(1000), project(200)
    rows = [("layout of 1,000 cards", _median(lambda: lay_out(thousand, Room(WIDTH, HEIGHT))), "ms", "<= 10")]
    for name, zoom in (("all in view", 0.0), ("zoomed to names", 0.6), ("in between", 0.2)):
        view = _view(thousand)
        view.show_all()
        if zoom:
            view.zoom(zoom / view.scene.camera.zoom_x, Point(WIDTH / 2, HEIGHT / 2))
        rows.append((f"repaint of 1,000 cards, {name}", _median(lambda view=view: _paint(view)), "ms", "<= 16"))
        rows.append((f"pan over 1,000 cards, {name}", _median(lambda view=view: _pan(view)), "ms", "<= 16"))
    crowded = _view(crossed(40))
    rows.append(("pan over 40 tasks with experts and gates", _median(lambda: _pan(crowded)), "ms", "<= 16"))
    rows.append(("edit of 200 layers to the grid painted", _edit(large), "ms", "<= 50"))
    rows.append(("split point dragged over 200 layers, with costs", 1000 / _split(large), "1/s", ">= 30"))
    return rows


def _layer(id_: str, type_: str, tasks: list[str], **parameters: object) -> LayerSpec:
    return LayerSpec(id_, id_, type_, frozenset(tasks), FrozenDict(parameters))


def _view(spec: ProjectSpec) -> Viewport:
    view = Viewport(spec)
    view.resize(WIDTH, HEIGHT)
    reports = {layer.id: LayerReport(output_shapes={"out": (8, 64, 64)}) for layer in spec.network.layers}
    view.show_analysis(Analysis(layers=reports))
    return view


_canvas = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)


def _paint(view: Viewport) -> None:
    view.render(_canvas)


def _pan(view: Viewport) -> None:
    view.pan(-7, -1)
    _paint(view)


def _edit(spec: ProjectSpec) -> float:
    view = _view(spec)
    at = Connection("s40", "s41")

    def edit() -> None:
        view.show_spec(insert_on_connection(spec, at, "dropout", "Dropout")[0])
        _paint(view)
        view.show_spec(spec)

    return _median(edit)


def _split(spec: ProjectSpec) -> float:
    """Milliseconds per place while the handle goes from one to the next: edit, layout, costs, painting."""
    view, memo, count = _view(spec), Memo(), len(split_positions(spec))
    analyze(spec, memo)
    analyze(set_split_point(spec, 1), memo)
    index = [count // 2]

    def step() -> None:
        index[0] = 20 + (index[0] + 7) % (count - 20)
        found = set_split_point(spec, index[0])
        view.show_spec(found)
        view.show_analysis(analyze(found, memo))
        _paint(view)

    return _median(step)


def _median(do: Callable[[], object], times: int = 15) -> float:
    """Milliseconds."""
    do()
    found = []
    for _turn in range(times):
        start = time.perf_counter()
        do()
        found.append(1000 * (time.perf_counter() - start))
    return statistics.median(found)

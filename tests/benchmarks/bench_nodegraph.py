"""The sharing grid beside NodeGraphQt, in one run, where both can do the thing: 1,000 nodes in a chain.

Needs the extra `bench` (`pip install -e ".[bench]"`); without it nothing is measured. Both draw into a picture of one
size, without a screen. NodeGraphQt is given its own best: no undo while it is filled, its default viewport updates.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_PREFERRED_BINDING", "PySide6")

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bench_grid as ours

COUNT = 1000
PER_LINE = 40
STEP = (220, 160)


def measure() -> list[tuple[str, float, str, str]]:
    """How many times as long NodeGraphQt takes: above 1 the grid is faster."""
    if importlib.util.find_spec("NodeGraphQt") is None:
        print("NodeGraphQt is not installed: nothing measured")
        return []
    app = QApplication.instance() or QApplication([])
    assert app is not None
    grid, graph = _grid(), _node_graph()
    return [(f"NodeGraphQt / grid, 1,000 nodes: {what}", graph[what] / grid[what], "×", ">= 1") for what in grid] + [
        (f"grid, 1,000 layers: {what}", value, "ms", "") for what, value in grid.items()
    ]


def _grid() -> dict[str, float]:
    spec = ours.project(COUNT)
    start = time.perf_counter()
    view = ours._view(spec)
    view.show_all()
    _draw(view)
    found = {"filled and painted": 1000 * (time.perf_counter() - start)}
    found["pan, all in view"] = _median(lambda: (view.pan(-3, -1), _draw(view)))
    view.zoom(0.6 / view.scene.camera.zoom_x, ours.Point(ours.WIDTH / 2, ours.HEIGHT / 2))
    found["pan, names readable"] = _median(lambda: (view.pan(-7, -1), _draw(view)))
    return found


def _node_graph() -> dict[str, float]:
    import NodeGraphQt as library

    def prepare(node: Any) -> None:
        library.BaseNode.__init__(node)
        node.add_input("in")
        node.add_output("out")

    kind = type("Plain", (library.BaseNode,), {"__identifier__": "bench", "NODE_NAME": "n", "__init__": prepare})
    graph = library.NodeGraph()
    graph.register_node(kind)
    viewer = graph.viewer()
    viewer.resize(ours.WIDTH, ours.HEIGHT)
    start = time.perf_counter()
    last: Any = None
    for index in range(COUNT):
        place = [index % PER_LINE * STEP[0], index // PER_LINE * STEP[1]]
        node = graph.create_node("bench.Plain", pos=place, selected=False, push_undo=False)
        if last is not None:
            last.output(0).connect_to(node.input(0), push_undo=False)
        last = node
    graph.select_all()
    graph.fit_to_selection()
    graph.clear_selection()
    _draw(viewer.viewport())
    found = {"filled and painted": 1000 * (time.perf_counter() - start)}
    found["pan, all in view"] = _median(lambda: (viewer._set_viewer_pan(3, 1), _draw(viewer.viewport())))
    graph.set_zoom(0.0)
    viewer.reset_zoom()
    found["pan, names readable"] = _median(lambda: (viewer._set_viewer_pan(7, 1), _draw(viewer.viewport())))
    return found


_canvas = QImage(ours.WIDTH, ours.HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)


def _draw(widget: QWidget) -> None:
    widget.render(_canvas, QPoint())


def _median(do: Callable[[], object], times: int = 15) -> float:
    """Milliseconds."""
    do()
    found = []
    for _turn in range(times):
        start = time.perf_counter()
        do()
        found.append(1000 * (time.perf_counter() - start))
    return statistics.median(found)

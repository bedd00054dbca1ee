"""From an empty network to one that trains, in the real window, with clicks and keys alone; they are counted.

Each network comes out as its template makes it: the same layer types in the same tasks' hands, joined the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.propose import propose
from mtlstudio.network.templates.registry import template
from mtlstudio.project import files
from mtlstudio.project.graph import incoming, order
from mtlstudio.project.spec import NetworkSpec, ProjectSpec
from mtlstudio.runs.events import RunFinished
from tests.e2e.hand import WAIT_MS, Counts, Hand
from tests.ui_shell.studio_window import window_over

COUNTED = {
    "classification + segmentation": Counts(clicks=4, drags=0, keys=29),
    "a tree of three tasks": Counts(clicks=4, drags=1, keys=30),
    "MTAN": Counts(clicks=11, drags=2, keys=67),
    "FPN with three heads": Counts(clicks=6, drags=1, keys=51),
}
"""What each takes; docs/design.md says the same."""

Begin = Callable[[tuple[str, ...]], Hand]


@pytest.fixture
def begin(qtbot: QtBot, tmp_path: Path) -> Iterator[Begin]:
    """Opens a project with some tasks of the sample scenes and an empty network."""
    with ExitStack() as stack:

        def opened(tasks: tuple[str, ...]) -> Hand:
            spec = propose("built", [], tmp_path / "built")
            scenes = replace(spec.datasets[0], parameters=FrozenDict(count=24, size=48))
            spec = replace(
                spec,
                tasks=tuple(task for task in spec.tasks if task.id in tasks),
                datasets=(replace(scenes, targets=FrozenDict({task: task for task in tasks})),),
                data=replace(spec.data, image_size=48),
                training=replace(spec.training, epochs=1, batch_size=8, threads=1, device="cpu"),
                network=NetworkSpec(),
            )
            files.create(tmp_path / "built", spec)
            window = stack.enter_context(window_over(qtbot, tmp_path / "built", "design"))
            window.resize(1440, 900)
            return Hand(window, qtbot)

        yield opened


def structure(spec: ProjectSpec) -> Counter[int]:
    """Every layer by its type, its tasks and what feeds it through which port, all the way back; ids and parameters do
    not count."""
    network, before = spec.network, incoming(spec.network)
    numbers: dict[str, int] = {}
    for layer_id in order(network):
        layer = network.layer(layer_id)
        fed = sorted((c.target_port, numbers[c.source], c.source_port) for c in before[layer_id])
        numbers[layer_id] = hash((layer.type, tuple(sorted(layer.tasks)), tuple(fed)))
    ends = Counter(hash((output.task, numbers[output.layer], output.port)) for output in network.outputs)
    return Counter(numbers.values()) + ends


def told(spec: ProjectSpec) -> str:
    """The network in lines, for a test that fails."""
    network = spec.network
    lines = []
    for layer in network.layers:
        fed = [f"{c.source}→{c.target_port}" for c in network.connections if c.target == layer.id]
        lines.append(f"{layer.id}: {layer.type} {sorted(layer.tasks)} {fed}")
    return "\n".join(lines)


def finished(hand: Hand, family: str, pattern: str, qtbot: QtBot) -> None:
    """It is what its template makes, nothing is wrong with it, it took so many clicks, and it trains at F5."""
    hand.settle()
    spec, studio = hand.spec, hand.window.studio
    wanted = spec.with_network(template(pattern).build(spec))
    assert structure(spec) == structure(wanted), f"{told(spec)}\n\nwanted\n{told(wanted)}"
    analysis = studio.analysis.analysis
    assert analysis is not None and not analysis.errors, [problem.text() for problem in analysis.errors]
    print(f"{family}: {hand.counts}")
    assert hand.counts == COUNTED[family]
    hand.key(Qt.Key.Key_F5)
    training = studio.training
    qtbot.waitUntil(lambda: training.is_training, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not training.is_training, timeout=WAIT_MS)
    (ended,) = [event for event in training.history if isinstance(event, RunFinished)]
    assert ended.reason == "done"


def trunk(hand: Hand) -> list[str]:
    """The button of the empty grid; then a convolution of stride 2 and two stages, for all tasks."""
    hand.press("start-by-hand")
    (first,) = hand.add("conv")
    hand.set_number(first, "stride", "2")
    return [first, *(hand.add("res")[0] for _stage in range(2))]


def test_classification_and_segmentation(begin: Begin, qtbot: QtBot) -> None:
    hand = begin(("largest", "mask"))
    stages = trunk(hand)
    hand.insert(stages[-1], hand.last_of("mask"), "unet")
    hand.add("unet")
    finished(hand, "classification + segmentation", "unet", qtbot)


def test_a_tree_of_three_tasks(begin: Begin, qtbot: QtBot) -> None:
    hand = begin(("largest", "mask", "depth"))
    _first, second, third = trunk(hand)
    hand.settle()
    handle = hand.canvas.edge_handle(second, "upper")
    hand.drag(handle, QPoint(handle.x(), hand.middle_of_row("mask", 0.3)))
    hand.select(third)
    hand.add("unet")
    hand.add("unet", each=True)
    finished(hand, "a tree of three tasks", "tree", qtbot)


def test_mtan(begin: Begin, qtbot: QtBot) -> None:
    hand = begin(("largest", "count", "mask"))
    first, second, third = trunk(hand)
    (up,) = hand.insert(third, hand.last_of("mask"), "unet")
    (last,) = hand.add("unet")
    for task in ("largest", "count"):
        hand.insert(third, hand.way(third, task).target, "task")
    hand.branch(third, "mask", "task")
    hand.branch(up, "mask", "task")
    hand.select(last)
    hand.add("task")
    for stage in (second, first):
        hand.select(stage)
        hand.add("task", each=True)
    finished(hand, "MTAN", "mtan", qtbot)


def test_an_fpn_with_three_heads(begin: Begin, qtbot: QtBot) -> None:
    hand = begin(("largest", "mask", "depth"))
    trunk(hand)
    (lateral,) = hand.add("conv")
    hand.add("fpn")
    (finest,) = hand.add("fpn")
    hand.settle()
    pool = hand.way(finest, "largest").target
    hand.connect(lateral, pool)
    hand.insert(lateral, pool, "conv")
    hand.select(finest)
    hand.add("conv")
    hand.add("conv", each=True)
    finished(hand, "FPN with three heads", "fpn", qtbot)


def test_the_note_has_the_counts(root: Path) -> None:
    note = (root / "docs" / "design.md").read_text(encoding="utf-8")
    for family, counts in COUNTED.items():
        row = next(line for line in note.splitlines() if line.startswith(f"| {family} "))
        figures = [int(cell) for cell in row.split("|")[2:5]]
        assert figures == [counts.clicks, counts.drags, counts.keys], family

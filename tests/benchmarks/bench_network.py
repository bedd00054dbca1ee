"""The compiled network beside the same modules called by hand, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.compile import compile_network
from mtlstudio.network.patterns import Sketch
from mtlstudio.project.spec import ProjectSpec, TaskSpec

DEPTH, WIDTH, SIZE = 200, 16, 32


class ByHand(nn.Module):
    """`DEPTH` convolutions, a pool, a linear head."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(WIDTH if index else 3, WIDTH, 3, padding=1, bias=False),
                nn.BatchNorm2d(WIDTH),
                nn.ReLU(inplace=True),
            )
            for index in range(DEPTH)
        )
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        for layer in self.layers:
            x = layer(x)
        return {"kind": self.head(x.mean((2, 3)))}


def project() -> ProjectSpec:
    """The same as a project."""
    task = TaskSpec("kind", "Kind", "classification", parameters=FrozenDict(class_names=("a", "b", "c")))
    spec = ProjectSpec("bench", tasks=(task,))
    sketch = Sketch(replace(spec, data=replace(spec.data, image_size=SIZE)))
    layer = sketch.input()
    for index in range(DEPTH):
        layer = sketch.add("convolution", f"Conv {index}", layer, out_channels=WIDTH)
    sketch.head(task, layer)
    return sketch.spec.with_network(sketch.network())


def quartile(first: Callable[[], object], second: Callable[[], object], times: int) -> tuple[float, float]:
    """Lower quartile of the seconds of each, taken in turns, so that both see the same machine."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for call, kept in zip((first, second), seconds, strict=True):
            started = time.perf_counter()
            call()
            kept.append(time.perf_counter() - started)
    return sorted(seconds[0])[times // 4], sorted(seconds[1])[times // 4]


def measure() -> list[tuple[str, float, str, str]]:
    """Forward and building, ours against by hand."""
    spec = project()
    compiled, hand = compile_network(spec).eval(), ByHand().eval()
    picture = torch.randn(4, 3, SIZE, SIZE)
    with torch.no_grad():
        ours, theirs = quartile(lambda: compiled({"image": picture}), lambda: hand(picture), 100)
    building, by_hand = quartile(lambda: compile_network(spec), ByHand, 40)
    unseen, again = quartile(lambda: compile_network(replace(spec, name="unseen")), ByHand, 40)
    return [
        ("compiled network: speed of forward against hand-written", theirs / ours, "x", ">= 0.98"),
        (f"compiling {DEPTH} layers against building them by hand", building / by_hand, "x", "<= 1.1"),
        (f"compiling {DEPTH} layers that were not analysed before", unseen / again, "x", ""),
    ]

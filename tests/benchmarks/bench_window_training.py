"""Training from the window against headless training, and how awake the window stays meanwhile."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.settings import Settings
from mtlstudio.data.propose import propose
from mtlstudio.network.templates.registry import template
from mtlstudio.project import files
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.runs.events import Event, StepsMeasured
from mtlstudio.runs.folder import create_run
from mtlstudio.session.studio import Studio
from mtlstudio.training.trainer import Trainer
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.theme import apply_theme
from mtlstudio.ui.train.board import Board, Options
from mtlstudio.ui.train.series import RunSeries

ROUNDS = 3
EPOCHS = 10
BEAT_MS = 5
STEPS = 100_000


def project(folder: Path) -> ProjectSpec:
    """All tasks of 200 sample scenes at 64 × 64, a U-Net, one thread: the window has a core of its own."""
    spec = propose("bench", [], folder)
    scenes = replace(spec.datasets[0], parameters=FrozenDict(count=200, size=64))
    training = replace(spec.training, epochs=EPOCHS, batch_size=8, device="cpu", threads=1)
    spec = replace(spec, datasets=(scenes,), data=replace(spec.data, image_size=64), training=training)
    return spec.with_network(template("unet").build(spec))


def every_core(spec: ProjectSpec) -> ProjectSpec:
    """The same at 128 × 128 with as many threads as cores: none is left for the window."""
    training = replace(spec.training, epochs=4, batch_size=16, threads=os.cpu_count())
    return replace(spec, data=replace(spec.data, image_size=128), training=training)


def speed(events: list[Event]) -> float:
    """Steps per second, without start, validation and checkpoints."""
    measured = [event for event in events if isinstance(event, StepsMeasured) and event.step > 5]
    return sum(len(event.total) for event in measured) / sum(event.seconds for event in measured)


def headless(spec: ProjectSpec, folder: Path) -> float:
    """Steps per second of the trainer alone."""
    return speed(list(Trainer(spec, folder, create_run(folder, None, spec)).run()))


def wait(app: QApplication, until: Callable[[], bool], seconds: float = 300.0) -> None:
    """Lets the window work until something is so."""
    from PySide6.QtCore import QEventLoop

    loop = QEventLoop()
    look = QTimer()
    look.timeout.connect(lambda: until() and loop.quit())
    look.start(20)
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()
    assert until()


def in_window(app: QApplication, window: MainWindow, spec: ProjectSpec) -> tuple[float, list[float]]:
    """Steps per second from the window, Train shown, and the gaps of a 5 ms heartbeat in milliseconds."""
    studio = window.studio
    assert studio.document is not None
    gaps: list[float] = []
    last = [0.0]

    def beat() -> None:
        now = time.perf_counter()
        if last[0]:
            gaps.append(1000 * (now - last[0]))
        last[0] = now

    pulse = QTimer()
    pulse.setTimerType(Qt.TimerType.PreciseTimer)
    pulse.timeout.connect(beat)
    studio.training.start(spec, studio.document.folder)
    wait(app, lambda: any(isinstance(event, StepsMeasured) for event in studio.training.history))
    pulse.start(BEAT_MS)
    wait(app, lambda: not studio.training.is_training)
    pulse.stop()
    return speed(studio.training.history), gaps


def redraw(app: QApplication) -> float:
    """Milliseconds to redraw six plots of 100,000 steps, each with its measured and its averaged curve."""
    spec = ProjectSpec("long", tasks=tuple(TaskSpec(f"t{n}", f"Task {n}", "regression") for n in range(5)))
    series = RunSeries(spec, {}, smoothing=0.9)
    steps = np.arange(1, STEPS + 1)
    noise = np.random.default_rng(0).standard_normal((6, STEPS))
    columns = (np.exp(-steps / 30_000) + 0.1 * noise).tolist()
    losses = {task.id: tuple(columns[n]) for n, task in enumerate(spec.tasks)}
    weights = dict.fromkeys(spec.task_ids, 0.2)
    series.take([StepsMeasured(0.0, STEPS, 0, losses, tuple(columns[5]), weights, 0.001, 1000.0)])
    board = Board(Options(smoothing=0.9))
    board.resize(1000, 600)
    board.set_series(series)
    board.show()
    wait(app, board.is_idle)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        for panel in board.panels:
            panel.show_curves(series, board.frame)
            panel.canvas.repaint()
        times.append(1000 * (time.perf_counter() - began))
    board.deleteLater()
    return statistics.median(times)


def many_tasks(app: QApplication) -> tuple[float, float]:
    """Milliseconds to bring a run of 40 tasks and 100,000 steps up to date: all texts with the strip; the longest of the
    paintings that follow."""
    spec = ProjectSpec("many", tasks=tuple(TaskSpec(f"t{n}", f"Task {n}", "regression") for n in range(40)))
    series, random = RunSeries(spec, {}, smoothing=0.9), np.random.default_rng(0)

    def steps(first: int, count: int) -> StepsMeasured:
        columns = {task: tuple(random.random(count).tolist()) for task in spec.task_ids}
        weights = dict.fromkeys(spec.task_ids, 1 / 40)
        return StepsMeasured(0.0, first + count - 1, 0, columns, (0.5,) * count, weights, 0.001, 0.05 * count)

    series.take([steps(1, STEPS)])
    board = Board(Options(smoothing=0.9))
    board.resize(1000, 1400)
    board.set_series(series)
    board.show()
    wait(app, board.is_idle)
    texts, paintings = [], []
    for turn in range(20):
        series.take([steps(STEPS + 1 + 10 * turn, 10)])
        began = time.perf_counter()
        board.refresh()
        texts.append(1000 * (time.perf_counter() - began))
        longest = 0.0
        while not board.is_idle():
            began = time.perf_counter()
            app.processEvents()
            longest = max(longest, 1000 * (time.perf_counter() - began))
        paintings.append(longest)
    board.deleteLater()
    return statistics.median(texts), statistics.median(paintings)


def measure() -> list[tuple[str, float, str, str]]:
    """Alternating runs in one process; the median of the ratios, all heartbeats together."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    apply_theme(app, "dark")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "bench"
        spec = project(folder)
        studio = Studio(Settings())
        window = MainWindow(studio)
        window.resize(1440, 900)
        window.show()
        files.create(folder, spec)
        studio.engine.start()
        studio.open(folder)
        window.show_workspace("train")
        wait(app, lambda: studio.engine.is_ready and window.settled())
        headless(spec, folder)  # warms the caches of both
        ratios, gaps, speeds = [], [], []
        for _ in range(ROUNDS):
            alone = headless(spec, folder)
            shown, beats = in_window(app, window, spec)
            ratios.append(shown / alone)
            speeds.append(shown)
            gaps += beats
        cores = every_core(spec)
        crowded = []
        for _ in range(ROUNDS):
            alone = headless(cores, folder)
            crowded.append(in_window(app, window, cores)[0] / alone)
        window.dispose()
        studio.shut_down()
    texts, painting = many_tasks(app)
    return [
        ("40 tasks of 100,000 steps: texts and strip", texts, "ms", "<= 33"),
        ("40 tasks of 100,000 steps: longest painting", painting, "ms", "<= 50"),
        ("redraw of six plots of 100,000 steps", redraw(app), "ms", "<= 33"),
        ("training from the window / headless", statistics.median(ratios), "×", ">= 0.95"),
        ("training from the window", statistics.median(speeds), "steps/s", ""),
        ("the same with a thread on every core, 128 px", statistics.median(crowded), "×", ">= 0.95"),
        ("heartbeat of the window while training, p99", float(np.percentile(gaps, 99)), "ms", "<= 25"),
        ("heartbeat of the window while training, worst", max(gaps), "ms", "<= 100"),
    ]

"""Dragging the opacity over a 4K picture with a mask."""

from __future__ import annotations

import statistics
import time

import numpy as np
from PySide6.QtWidgets import QApplication

from mtlstudio.ui.theme import apply_theme, class_table
from mtlstudio.ui.widgets.image_view import ImageView
from mtlstudio.ui.widgets.qimages import label_image, rgb_image

FRAMES = 40


def measure() -> list[tuple[str, float, str, str]]:
    """Median and worst frame while the opacity moves, fitted and at full size."""
    app = QApplication.instance() or QApplication([])
    apply_theme(app, "dark")  # type: ignore[arg-type]
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (2160, 3840, 3), dtype=np.uint8)
    mask = np.kron(random.integers(0, 20, (54, 96), dtype=np.uint8), np.ones((40, 40), np.uint8))
    view = ImageView()
    view.resize(1400, 800)
    view.set_image(rgb_image(picture))
    view.set_overlay("mask", label_image(mask, class_table(20)))
    view.show()
    view.set_opacity(0.0)
    bare = view.grab().toImage()
    view.set_opacity(1.0)
    assert view.grab().toImage() != bare, "nothing is drawn"
    rows: list[tuple[str, float, str, str]] = []
    for name, prepare in (("fitted", view.fit), ("at 100 %", lambda: view.zoom_to(1.0))):
        prepare()
        view.grab()
        times = []
        for frame in range(FRAMES):
            started = time.perf_counter()
            view.set_opacity(frame / FRAMES)
            view.grab()
            times.append(1000 * (time.perf_counter() - started))
        rows.append((f"opacity drag, 4K picture {name}, median frame", statistics.median(times), "ms", "<= 33"))
        rows.append((f"opacity drag, 4K picture {name}, worst frame", max(times), "ms", ""))
    view.deleteLater()
    return rows

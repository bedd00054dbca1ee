"""Claims about plots in the theme, and about what the widgets do not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mtlstudio.ui.theme import DARK, LIGHT, apply_theme, style_plot


def test_a_plot_takes_on_the_theme_and_follows_it(qapp: QApplication, qtbot: QtBot) -> None:
    pyqtgraph = pytest.importorskip("pyqtgraph")
    plot = pyqtgraph.PlotWidget()
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    style_plot(plot)
    assert plot.grab().toImage().pixelColor(150, 40) == QColor(DARK.panel)
    assert plot.getAxis("left").textPen().color() == QColor(DARK.dim)
    apply_theme(qapp, "light")
    assert plot.grab().toImage().pixelColor(150, 40) == QColor(LIGHT.panel)
    gone: list[int] = []
    plot.destroyed.connect(lambda: gone.append(1))
    plot.deleteLater()
    qtbot.waitUntil(lambda: gone == [1])
    apply_theme(qapp, "dark")


def test_the_widgets_load_neither_torch_nor_numpy_nor_plots(root: Path) -> None:
    code = "import sys, mtlstudio.ui.widgets; print([m for m in ('torch', 'numpy', 'pyqtgraph') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

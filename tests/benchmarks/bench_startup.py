"""How soon the window is usable, and the commands that need no torch."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5

EMPTY = """
import pyqtgraph
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.setCentralWidget(pyqtgraph.PlotWidget())
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
"""

STUDIO = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from mtlstudio.base.settings import load_settings
from mtlstudio.session.studio import Studio
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.theme import apply_theme
app = QApplication([])
apply_theme(app, "dark")
window = MainWindow(Studio(load_settings()))
window.show()
def usable():
    assert "torch" not in sys.modules, "torch was imported before the window stood"
    app.quit()
QTimer.singleShot(0, usable)
app.exec()
"""


def seconds(*words: str, home: str) -> float:
    """Wall time of one Python process."""
    environment = {**os.environ, "MTLSTUDIO_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure() -> list[tuple[str, float, str, str]]:
    """Medians of alternating runs."""
    with tempfile.TemporaryDirectory() as home:
        project = str(Path(home) / "demo")
        seconds("-m", "mtlstudio", "new", project, home=home)
        for code in (EMPTY, STUDIO):  # both warm
            seconds("-c", code, home=home)
        pairs = [(seconds("-c", STUDIO, home=home), seconds("-c", EMPTY, home=home)) for _ in range(ROUNDS)]
        commands = {
            "templates": ("-m", "mtlstudio", "templates", "--json"),
            "methods": ("-m", "mtlstudio", "methods", "--json"),
            "data": ("-m", "mtlstudio", "data", project, "--json"),
            "--help": ("-m", "mtlstudio", "--help"),
        }
        times = {
            name: statistics.median(seconds(*words, home=home) for _ in range(ROUNDS))
            for name, words in commands.items()
        }
    rows = [
        ("window usable / empty Qt + pyqtgraph window", statistics.median(a / b for a, b in pairs), "×", "<= 1.5"),
        ("window usable", statistics.median(a for a, _ in pairs), "s", ""),
    ]
    rows += [(f"command {name}", value, "s", "<= 0.6") for name, value in times.items()]
    return rows

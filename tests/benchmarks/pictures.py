"""Pictures of the Design workspace with every template, several on a sheet: to be looked at.

    python tests/benchmarks/pictures.py OUT --project pets scenes forty --size 1280x720 --theme dark

For pictures at 2× set QT_SCALE_FACTOR=2.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from mtlstudio.base.settings import Settings
from mtlstudio.base.texts import set_language
from mtlstudio.network.templates.registry import templates
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.studio import Studio
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.theme import apply_theme
from tests.ui_design.families import PROJECTS, project


class Camera:
    """A window that shows one project after the other."""

    def __init__(self, app: QApplication, size: tuple[int, int]) -> None:
        self._app = app
        self._folder = Path(tempfile.mkdtemp())
        self._count = 0
        self.studio = Studio(Settings(language="en"))
        self.window = MainWindow(self.studio)
        self.window.resize(*size)
        self.window.show()
        self.studio.engine.start()
        self.window.current = "design"

    def show(self, spec: ProjectSpec, whole: bool) -> None:
        """Opens a project and waits until nothing changes any more."""
        self._count += 1
        self.studio.create(self._folder / str(self._count), spec)
        self.window.current = "design"
        self.settle()
        room = self.window.workspaces["design"]
        room.restore_layout("")
        if whole:
            room.canvas.show_all()
        self.settle()

    def settle(self) -> None:
        """Waits."""
        quiet = 0
        for _turn in range(1500):
            self._app.processEvents()
            quiet = quiet + 1 if self.window.settled() else 0
            if quiet > 5:
                return
            time.sleep(0.02)

    def take(self) -> QPixmap:
        """The canvas and what is around it."""
        return self.window.grab()

    def close(self) -> None:
        """Ends it."""
        self.studio.close_document()
        self.window.dispose()
        self.studio.shut_down()


def sheet(pictures: list[tuple[str, QPixmap]], columns: int) -> QPixmap:
    """Several pictures side by side."""
    first = pictures[0][1]
    rows = -(-len(pictures) // columns)
    whole = QPixmap(first.width() * columns, (first.height() + 24) * rows)
    whole.fill(Qt.GlobalColor.white)
    painter = QPainter(whole)
    for index, (name, picture) in enumerate(pictures):
        x, y = first.width() * (index % columns), (first.height() + 24) * (index // columns)
        area = QRect(x, y + 24, first.width(), first.height())
        painter.drawPixmap(area, picture)
        painter.setPen(Qt.GlobalColor.black)
        painter.drawText(x + 6, y + 18, name)
    painter.end()
    return whole


def main() -> None:
    """Takes the pictures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--project", nargs="*", default=["pets", "scenes", "forty"], choices=list(PROJECTS))
    parser.add_argument("--template", nargs="*", default=[found.id for found in templates()])
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--columns", type=int, default=2)
    parser.add_argument("--per-sheet", type=int, default=6)
    parser.add_argument("--unfolded", action="store_true")
    parser.add_argument("--whole", action="store_true", help="zoomed so that all can be seen")
    parser.add_argument("--canvas", action="store_true", help="the grid alone, without what surrounds it")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as home:
        os.environ["MTLSTUDIO_HOME"] = home
        app = QApplication([])
        set_language("en")
        apply_theme(app, arguments.theme)
        camera = Camera(app, (width, height))
        arguments.out.mkdir(parents=True, exist_ok=True)
        for kind in arguments.project:
            taken: list[tuple[str, QPixmap]] = []
            for template_id in arguments.template:
                camera.show(project(kind, template_id, not arguments.unfolded), arguments.whole)
                canvas = camera.window.workspaces["design"].canvas
                taken.append((f"{kind} {template_id}", canvas.grab() if arguments.canvas else camera.take()))
            for first in range(0, len(taken), arguments.per_sheet):
                part = taken[first : first + arguments.per_sheet]
                name = f"{kind}-{arguments.size}-{arguments.theme}-{first // arguments.per_sheet}.png"
                sheet(part, arguments.columns).save(str(arguments.out / name))
        camera.close()


if __name__ == "__main__":
    main()

"""Context menus of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QColorDialog, QMenu, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.edits import disconnect
from mtlstudio.project.spec import Connection
from mtlstudio.ui.design.canvas import Canvas
from mtlstudio.ui.design.commands import Commands
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.hits import Hit
from mtlstudio.ui.shell.actions import Actions

_CARD = (
    "design.rename", "", "design.cut", "design.copy", "design.paste", "design.duplicate", "design.delete", "",
    "design.share", "design.own", "", "design.freeze", "design.bypass", "", "design.add", "design.fit",
)  # fmt: skip
_GROUND = (
    "design.add", "design.paste", "design.select_all", "", "design.fit", "design.home", "", "design.analyze",
    "design.template",
)  # fmt: skip


def menu_for(hit: Hit, at: QPoint, canvas: Canvas, commands: Commands, actions: Actions) -> QMenu:
    """The menu for what lies under the pointer. It deletes itself when it closes.

    Args:
        at: on the screen.
    """
    menu = QMenu(canvas)
    menu.setObjectName("canvas-menu")
    menu.aboutToHide.connect(menu.deleteLater)
    if hit.layer:
        _fill(menu, _CARD, actions)
    elif hit.row >= 0:
        _fill_row(menu, canvas, commands, canvas.scene.layout.tasks[hit.row])
    elif hit.connection is not None:
        _fill_connection(menu, canvas, hit.connection, canvas.mapFromGlobal(at))
    else:
        _fill(menu, _GROUND, actions)
    return menu


def _fill(menu: QMenu, ids: tuple[str, ...], actions: Actions) -> None:
    for action_id in ids:
        if action_id:
            menu.addAction(actions[action_id])
        else:
            menu.addSeparator()


def _fill_row(menu: QMenu, canvas: Canvas, commands: Commands, task_id: str) -> None:
    task = canvas.document.spec.task(task_id)
    _add(menu, tr("Rename task")).triggered.connect(lambda: canvas.task_rename_wanted.emit(task_id))
    _add(menu, tr("Colour…")).triggered.connect(lambda: _choose_colour(canvas, commands, task_id, task.colour))
    if canvas.document.spec.network.output_of(task_id) is None:
        _add(menu, tr("Give it a head")).triggered.connect(lambda: commands.attach_head(task_id))
    menu.addSeparator()
    up, down = _add(menu, tr("Move up")), _add(menu, tr("Move down"))
    row = canvas.document.spec.task_ids.index(task_id)
    up.setEnabled(row > 0)
    down.setEnabled(row + 1 < len(canvas.document.spec.tasks))
    up.triggered.connect(lambda: commands.move_task(task_id, -1))
    down.triggered.connect(lambda: commands.move_task(task_id, 1))
    menu.addSeparator()
    _add(menu, tr("Remove task")).triggered.connect(lambda: commands.remove_task(task_id))


def _fill_connection(menu: QMenu, canvas: Canvas, connection: Connection, at: QPoint) -> None:
    names = {layer.id: layer.name for layer in canvas.document.spec.network.layers}
    words = {"source": names[connection.source], "target": names[connection.target]}
    add = _add(menu, tr("Add a layer between {source} and {target}…", **words))
    add.triggered.connect(lambda: canvas.add_wanted.emit(connection, Point(at.x(), at.y())))
    cut = _add(menu, tr("Disconnect {source} from {target}", **words))
    cut.triggered.connect(
        lambda: canvas.document.apply(tr("Disconnect"), lambda spec: disconnect(spec, connection))
    )  # fmt: skip


def _add(menu: QMenu, text: str) -> QAction:
    return menu.addAction(text)


def _choose_colour(parent: QWidget, commands: Commands, task_id: str, colour: str) -> None:
    chosen = QColorDialog.getColor(QColor(colour), parent, tr("Colour of the task"))
    if chosen.isValid():
        commands.set_task_colour(task_id, chosen.name())

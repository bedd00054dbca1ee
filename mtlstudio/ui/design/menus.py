"""Context menus of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QColorDialog, QMenu, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.edits import disconnect
from mtlstudio.project.spec import Connection
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.canvas import Canvas
from mtlstudio.ui.design.commands import Commands
from mtlstudio.ui.design.fits import Join
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.hits import Hit
from mtlstudio.ui.design.places import Place
from mtlstudio.ui.shell.actions import Actions

_CARD = (
    "design.rename", "", "design.cut", "design.copy", "design.paste", "design.duplicate", "design.delete", "",
    "design.share", "design.own", "", "design.freeze", "design.bypass", "", "design.group", "design.ungroup",
    "design.fold", "", "design.add", "design.connect", "design.fit",
)  # fmt: skip
_GROUND = (
    "design.add", "design.paste", "design.select_all", "", "design.heads", "", "design.fit", "design.home", "", "design.analyze",
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
        _fill_row(menu, canvas, commands, hit.row)
    elif hit.group:
        _fill_group(menu, canvas, commands, hit.group)
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


def _fill_row(menu: QMenu, canvas: Canvas, commands: Commands, index: int) -> None:
    row, spec = canvas.scene.layout.rows[index], canvas.document.spec
    group = row.group or canvas.picture.group_of(row.task)
    if row.group:
        _add(menu, tr("Rename group")).triggered.connect(lambda: canvas.task_rename_wanted.emit(row.task))
        _add(menu, tr("Unfold the rows")).triggered.connect(lambda: commands.fold_rows(group, False))
        _add(menu, tr("Dissolve the group")).triggered.connect(lambda: commands.ungroup_rows(group))
        return
    task_id, task = row.task, spec.task(row.task)
    _add(menu, tr("Rename task")).triggered.connect(lambda: canvas.task_rename_wanted.emit(task_id))
    _add(menu, tr("Colour…")).triggered.connect(lambda: _choose_colour(canvas, commands, task_id, task.colour))
    if spec.network.output_of(task_id) is None:
        _add(menu, tr("Give it a head")).triggered.connect(lambda: commands.attach_head(task_id))
    menu.addSeparator()
    up, down = _add(menu, tr("Move up")), _add(menu, tr("Move down"))
    place = spec.task_ids.index(task_id)
    up.setEnabled(place > 0)
    down.setEnabled(place + 1 < len(spec.tasks))
    up.triggered.connect(lambda: commands.move_task(task_id, -1))
    down.triggered.connect(lambda: commands.move_task(task_id, 1))
    menu.addSeparator()
    if group:
        _add(menu, tr("Fold the rows")).triggered.connect(lambda: commands.fold_rows(group, True))
        _add(menu, tr("Dissolve the group")).triggered.connect(lambda: commands.ungroup_rows(group))
    else:
        _fill_grouping(menu, canvas, commands, index)
    menu.addSeparator()
    _add(menu, tr("Remove task")).triggered.connect(lambda: commands.remove_task(task_id))


def _fill_grouping(menu: QMenu, canvas: Canvas, commands: Commands, index: int) -> None:
    """To group a row with the next one, with all neighbours of its type, or with all tasks of the selected layers."""
    rows, spec = canvas.scene.layout.rows, canvas.document.spec
    row = rows[index]
    if index + 1 < len(rows):
        both = (*row.tasks, *rows[index + 1].tasks)
        words = tr("Group with {task}", task=spec.task(rows[index + 1].task).name)
        _add(menu, words).triggered.connect(lambda: commands.group_rows(both))
    kind = spec.task(row.task).type
    alike = _run(canvas, index, kind)
    if len(alike) > 2:
        words = tr("Group these {n} rows of one type", n=len(alike))
        _add(menu, words).triggered.connect(lambda: commands.group_rows(alike))


def _run(canvas: Canvas, index: int, kind: str) -> tuple[str, ...]:
    """The tasks of one type in the neighbouring rows that are in no group."""
    layout, spec = canvas.scene.layout, canvas.document.spec

    def alike(i: int) -> bool:
        row = layout.rows[i]
        return not canvas.picture.group_of(row.task) and spec.task(row.task).type == kind

    first = last = index
    while first > 0 and alike(first - 1):
        first -= 1
    while last + 1 < len(layout.rows) and alike(last + 1):
        last += 1
    return tuple(layout.rows[i].task for i in range(first, last + 1))


def _fill_group(menu: QMenu, canvas: Canvas, commands: Commands, group: str) -> None:
    _add(menu, tr("Fold the group")).triggered.connect(lambda: commands.fold_groups([group], True))
    layers = next(g.layers for g in canvas.document.spec.network.groups if g.id == group)
    _add(menu, tr("Select its layers")).triggered.connect(lambda: canvas.document.select(layers))

    def dissolve() -> None:
        canvas.document.select(layers)
        commands.ungroup()

    _add(menu, tr("Dissolve the group")).triggered.connect(dissolve)


def choose_join(found: list[Join], at: QPoint, canvas: Canvas, commands: Commands) -> QMenu:
    """A small list of the ports that a connection can have; the first is marked, Enter takes it."""
    menu = QMenu(canvas)
    menu.setObjectName("port-menu")
    menu.aboutToHide.connect(menu.deleteLater)
    for join in found:
        shape = figures.shape(join.shape)
        action = _add(menu, f"{join.label} · {shape}" if shape else join.label)
        action.triggered.connect(lambda _checked=False, chosen=join: commands.connect(chosen))
    menu.setActiveAction(menu.actions()[0])
    menu.popup(at)
    return menu


def _fill_connection(menu: QMenu, canvas: Canvas, connection: Connection, at: QPoint) -> None:
    names = {layer.id: layer.name for layer in canvas.document.spec.network.layers}
    words = {"source": names[connection.source], "target": names[connection.target]}
    add = _add(menu, tr("Add a layer between {source} and {target}…", **words))
    add.triggered.connect(lambda: canvas.add_wanted.emit(Place(on=connection), Point(at.x(), at.y())))
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

"""What surrounds the canvas: the search popup, names to be typed, menus, the empty network, its keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, QRect, QSize
from PySide6.QtWidgets import QFrame, QVBoxLayout

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project.weights import shown_weights
from mtlstudio.ui.design.canvas import Canvas
from mtlstudio.ui.design.commands import Commands
from mtlstudio.ui.design.fits import Join
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.hits import Hit
from mtlstudio.ui.design.inline_edit import InlineEdit
from mtlstudio.ui.design.menus import choose_join, menu_for
from mtlstudio.ui.design.places import Place, across_at, across_behind
from mtlstudio.ui.design.quick_add import QuickAdd
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import button
from mtlstudio.ui.widgets.feedback import EmptyState


class CanvasHost(QObject):
    """Answers what the canvas asks for.

    Args:
        say: tells the user something (text, kind).
        choose_template: opens the choice of templates.
    """

    def __init__(
        self,
        canvas: Canvas,
        commands: Commands,
        actions: Actions,
        say: Callable[[str, str], None],
        choose_template: Callable[[], None],
    ) -> None:
        super().__init__(canvas)
        self.canvas, self.commands, self._actions, self._say = canvas, commands, actions, say
        self.quick_add = QuickAdd(canvas)
        self.empty = QFrame(canvas)
        self.empty.setProperty("surface", "card")
        nothing = EmptyState(
            "design", tr("No network yet"), tr("Start from a template…"),
            tr("A template makes one for this project's tasks; everything in it can be changed."), self.empty,
        )  # fmt: skip
        nothing.triggered.connect(choose_template)
        self.start = button(tr("Start with the inputs and heads"))
        self.start.setObjectName("start-by-hand")
        self.start.setToolTip(tr("You add the layers between, one by one"))
        self.start.clicked.connect(self._begin)
        column = QVBoxLayout(self.empty)
        column.addWidget(nothing)
        column.addWidget(self.start)
        self._connect()

    def _connect(self) -> None:
        canvas, commands = self.canvas, self.commands
        canvas.add_wanted.connect(self.ask_for_layer)
        canvas.rename_wanted.connect(self.rename_layer)
        canvas.task_rename_wanted.connect(self.rename_row)
        canvas.weight_wanted.connect(self.type_weight)
        canvas.menu_wanted.connect(self._show_menu)
        canvas.dropped.connect(commands.add)
        canvas.pattern_dropped.connect(commands.put)
        canvas.refused.connect(lambda text: self._say(text, "warning"))
        canvas.connected.connect(commands.connect)
        canvas.choice_wanted.connect(self._choose_port)
        canvas.fold_wanted.connect(lambda group, folded: commands.fold_groups([group], folded))
        canvas.rows_fold_wanted.connect(commands.fold_rows)
        canvas.head_wanted.connect(commands.attach_head)
        canvas.looked.connect(self.place_empty)
        self.quick_add.chosen.connect(commands.add)

    def handlers(self) -> dict[str, object]:
        """The commands that need the canvas, or act on what is selected in it."""
        canvas, commands = self.canvas, self.commands
        return {
            "design.add": canvas.ask_for_layer,
            "design.connect": canvas.connect_by_key,
            "design.delete": commands.delete,
            "design.duplicate": commands.duplicate,
            "design.cut": commands.cut,
            "design.copy": commands.copy,
            "design.paste": commands.paste,
            "design.select_all": self._select_all,
            "design.rename": self._rename_selected,
            "design.freeze": commands.freeze,
            "design.bypass": commands.bypass,
            "design.own": commands.own,
            "design.share": commands.share,
            "design.share_down": lambda: commands.stretch(canvas.scene.layout.order, 1),
            "design.share_up": lambda: commands.stretch(canvas.scene.layout.order, -1),
            "design.split_left": lambda: commands.split_by(-1),
            "design.split_right": lambda: commands.split_by(1),
            "design.group": commands.group,
            "design.ungroup": commands.ungroup,
            "design.fold": commands.fold,
            "design.heads": commands.attach_heads,
            "design.fit": self._fit,
            "design.home": canvas.show_all,
        }

    def ask_for_layer(self, place: Place, at: Point) -> None:
        """Opens the search popup for a place, beside a pixel of the canvas."""
        document, canvas = self.canvas.document, self.canvas
        selection = document.selection
        canvas.cancel_gesture()
        after = place.after or (selection[-1] if selection else "")
        if not after and place.on is None and document.spec.network.layers:
            after = document.spec.network.layers[0].id if len(document.spec.network.layers) == 1 else ""
        self.quick_add.ask(
            document.spec, canvas.figures(), place, after, QPoint(round(at.x), round(at.y)), self._across(place, at)
        )

    def rename_layer(self, layer_id: str) -> None:
        """Lets a layer's name be typed on its card; on a folded group's card the group's name."""
        canvas, layout = self.canvas, self.canvas.scene.layout
        card = layout.card_id(layer_id)
        if card not in layout.cards:
            return
        canvas.reveal(card)
        area = canvas.card_rect(card)
        group = layout.groups.get(card)
        if group is not None:
            name = canvas.picture.group_names.get(group, "")
            InlineEdit(name, area, lambda text: self.commands.rename_group(group, text), canvas)
            return
        name = canvas.document.spec.network.layer(layer_id).name
        InlineEdit(name, area, lambda text: self.commands.rename(layer_id, text), canvas)

    def rename_row(self, task_id: str) -> None:
        """Lets a task's name be typed in its row; in that of a folded group the group's name."""
        canvas = self.canvas
        layout = canvas.scene.layout
        index = layout.row_of[task_id]
        header, group = canvas.scene.header(index), layout.rows[index].group
        area = QRect(8, round(header.y) + 4, round(header.w) - 12, min(round(header.h), 28))
        if group:
            name = canvas.picture.group_names.get(group, "")
            InlineEdit(name, area, lambda text: self.commands.rename_rows(group, text), canvas)
            return
        name = canvas.document.spec.task(task_id).name
        InlineEdit(name, area, lambda text: self.commands.rename_task(task_id, text), canvas)

    def type_weight(self, task_id: str) -> None:
        """Lets a task's λ be typed."""
        canvas = self.canvas
        track = canvas.scene.slider(canvas.scene.layout.row_of[task_id])
        if track is not None:
            area = QRect(round(track.x), round(track.y), round(track.w), round(track.h))
            weight = f"{shown_weights(canvas.document.spec)[task_id]:.4g}"
            InlineEdit(weight, area, lambda text: self.commands.type_weight(task_id, text), canvas)

    def place_empty(self) -> None:
        """Shows in the middle how to begin, while there is no layer."""
        centre = self.canvas.frame.main.centre
        place = QRect(QPoint(0, 0), QSize(scaled(420), scaled(270)))
        place.moveCenter(QPoint(round(centre.x), round(centre.y)))
        self.empty.setGeometry(place)
        self.empty.setVisible(not self.canvas.document.spec.network.layers)

    def _begin(self) -> None:
        if self.commands.start():
            self.canvas.show_all()
            self.canvas.setFocus()

    def _across(self, place: Place, at: Point) -> Place | str:
        """Where a layer between tasks would go from there; or why none can."""
        canvas = self.canvas
        spec, layout = canvas.document.spec, canvas.scene.layout
        first = ""
        if place.on is None:
            chosen = (place.after,) if place.after else canvas.document.selection
            try:
                return Place(across=across_behind(spec, chosen, layout.order))
            except StudioError as error:
                first = error.text()
        try:
            return Place(across=across_at(layout, spec, canvas.scene.unit(at).x))
        except StudioError as error:
            return first or error.text()

    def _choose_port(self, found: list[Join], at: Point) -> None:
        place = self.canvas.mapToGlobal(QPoint(round(at.x), round(at.y)))
        choose_join(found, place, self.canvas, self.commands)

    def _show_menu(self, hit: Hit, at: QPoint) -> None:
        menu_for(hit, at, self.canvas, self.commands, self._actions).popup(at)

    def _select_all(self) -> None:
        self.canvas.document.select(layer.id for layer in self.canvas.document.spec.network.layers)

    def _rename_selected(self) -> None:
        if self.canvas.document.selection:
            self.rename_layer(self.canvas.document.selection[-1])

    def _fit(self) -> None:
        if self.canvas.document.selection:
            self.canvas.show_layers(self.canvas.document.selection)
        else:
            self.canvas.show_all()

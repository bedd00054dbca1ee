"""What can be done to the network by name: menus, keys, palette and popup all call these."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtGui import QGuiApplication

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.interface import LayerType, layer_type
from mtlstudio.project import edits
from mtlstudio.project.codec import fragment_from_json, fragment_to_json, to_text
from mtlstudio.project.graph import main_connection, ports_used, trunk
from mtlstudio.project.mends import mend_of
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import Connection, Output, ProjectSpec
from mtlstudio.project.weights import set_shown_weight
from mtlstudio.session.document import Document
from mtlstudio.tasks.registry import task_type
from mtlstudio.ui.design.fits import adapted, main_output, shape_at

Made = Callable[[ProjectSpec], tuple[ProjectSpec, str | tuple[str, ...]]]


class Commands:
    """Edits of a document, named for a person, with the selection as their object.

    Args:
        figures: gives the analysis at hand, if any.
        say: tells the user something (text, kind).
    """

    def __init__(
        self, document: Document, figures: Callable[[], Analysis | None], say: Callable[[str, str], None]
    ) -> None:
        self.document, self._figures, self._say = document, figures, say

    # --- adding -----------------------------------------------------------------------------------------------

    def add(self, type_id: str, at: Connection | None = None) -> bool:
        """Adds a layer on a connection, else after the selected layer, else where the trunk ends; selects it."""
        type_ = layer_type(type_id)
        spec = self.document.spec
        text = tr("Add {layer}", layer=tr(type_.name))
        if at is not None:
            return self._make(text, lambda before: self._on_connection(before, type_, at))
        after = self._after(spec)
        if not after:
            self._say(tr("Start from a template: there is no layer yet that a new one could follow"), "info")
            return False
        layer = spec.network.layer(after)
        before_it = main_connection(spec.network, after)
        if _is_head(layer.type) and before_it is not None and not _is_head(type_id):
            return self._make(text, lambda before: self._on_connection(before, type_, before_it))
        return self._make(text, lambda before: self._behind(before, type_, after))

    def duplicate(self) -> bool:
        """Puts copies of the selected layers after them; selects the copies."""
        spec, selection = self.document.spec, self.document.selection
        if not selection:
            return self._nothing_selected()

        def copy(before: ProjectSpec) -> tuple[ProjectSpec, str | tuple[str, ...]]:
            if len(selection) == 1:
                layer = before.network.layer(selection[0])
                ports = _ports(layer_type(layer.type), layer.parameters)
                return edits.insert_after(
                    before, layer.id, layer.type, layer.name, layer.parameters,
                    port=_port_behind(before, layer.id), input_port=ports[0], output_port=ports[1],
                )  # fmt: skip
            fragment = edits.extract(before, selection)
            return edits.paste(before, fragment, _way_out(before, fragment.layers[-1].id))

        name = spec.network.layer(selection[0]).name
        return self._make(tr("Duplicate {layer}", layer=name), copy)

    def copy(self) -> bool:
        """Puts the selected layers on the clipboard, as text."""
        selection = self.document.selection
        if not selection:
            return self._nothing_selected()
        try:
            fragment = edits.extract(self.document.spec, selection)
        except StudioError as error:
            self._say(error.text(), "warning")
            return False
        QGuiApplication.clipboard().setText(to_text(fragment_to_json(fragment)))
        return True

    def cut(self) -> bool:
        """Copies the selected layers and takes them out."""
        return self.copy() and self.delete()

    def paste(self) -> bool:
        """Puts layers from the clipboard after the selected layer, else where the trunk ends; selects them."""
        try:
            fragment = fragment_from_json(json.loads(QGuiApplication.clipboard().text()))
        except (StudioError, ValueError):
            self._say(tr("There are no layers on the clipboard"), "info")
            return False
        after = self._after(self.document.spec)
        return self._make(tr("Paste"), lambda spec: edits.paste(spec, fragment, _way_out(spec, after)))

    # --- changing ---------------------------------------------------------------------------------------------

    def delete(self) -> bool:
        """Takes the selected layers out; what came after them is joined to what came before."""
        return self._on_selection(
            tr("Delete {layer}", layer=self._name()), lambda spec, ids: edits.delete_layers(spec, ids)
        )

    def freeze(self, frozen: bool | None = None) -> bool:
        """Freezes or thaws the selected layers; by default thaws them where all are frozen, else freezes."""
        if frozen is None:
            frozen = not all(self.document.spec.network.layer(i).frozen for i in self.document.selection)
        text = tr("Freeze {layer}", layer=self._name()) if frozen else tr("Thaw {layer}", layer=self._name())
        return self._on_selection(text, lambda spec, ids: edits.set_frozen(spec, ids, frozen))

    def bypass(self, bypassed: bool | None = None) -> bool:
        """Bypasses the selected layers or takes them back in; by default the latter where all are bypassed."""
        if bypassed is None:
            bypassed = not all(self.document.spec.network.layer(i).bypassed for i in self.document.selection)
        text = tr("Bypass {layer}", layer=self._name()) if bypassed else tr("Use {layer} again", layer=self._name())
        return self._on_selection(text, lambda spec, ids: edits.set_bypassed(spec, ids, bypassed))

    def rename(self, layer_id: str, name: str) -> bool:
        """Gives a layer another name."""
        return self.document.apply(
            tr("Rename {layer}", layer=name), lambda spec: edits.rename_layer(spec, layer_id, name)
        )

    def rename_task(self, task_id: str, name: str) -> bool:
        """Gives a task another name."""
        return self.document.apply(tr("Rename {task}", task=name), lambda spec: edits.rename_task(spec, task_id, name))

    def set_task_colour(self, task_id: str, colour: str) -> bool:
        """Gives a task another colour."""
        return self.document.apply(
            tr("Colour of a task"), lambda spec: edits.set_task(spec, task_id, colour=colour), merge=f"colour-{task_id}"
        )

    def set_parameter(self, layer_ids: tuple[str, ...], name: str, value: object) -> bool:
        """Sets a parameter of layers; keys typed one after the other are one step."""
        return self.document.apply(
            tr("Change {layer}", layer=self._name(layer_ids)),
            lambda spec: edits.set_parameters(spec, layer_ids, **{name: value}),
            merge=f"parameter-{name}-{','.join(layer_ids)}",
        )

    def set_rate(self, layer_ids: tuple[str, ...], factor: float) -> bool:
        """Multiplies the learning rate of layers."""
        return self.document.apply(
            tr("Change {layer}", layer=self._name(layer_ids)),
            lambda spec: edits.set_learning_rate_factor(spec, layer_ids, factor),
            merge=f"rate-{','.join(layer_ids)}",
        )

    def set_weight(self, task_id: str, weight: float, merge: str | None = None) -> bool:
        """Sets a task's λ."""
        name = self.document.spec.task(task_id).name
        return self.document.apply(
            tr("Loss weight of {task}", task=name), lambda spec: set_shown_weight(spec, task_id, weight), merge
        )

    def type_weight(self, task_id: str, text: str) -> bool:
        """Sets a task's λ as it was typed."""
        try:
            weight = float(text.replace(",", "."))
        except ValueError:
            self._say(tr("A loss weight is a number ≥ 0"), "warning")
            return False
        return self.set_weight(task_id, weight)

    def move_task(self, task_id: str, by: int) -> bool:
        """Moves a task's row up or down."""
        row = self.document.spec.task_ids.index(task_id) + by
        if not 0 <= row < len(self.document.spec.tasks):
            return False
        name = self.document.spec.task(task_id).name
        return self.document.apply(tr("Move {task}", task=name), lambda spec: edits.move_task(spec, task_id, row))

    def remove_task(self, task_id: str) -> bool:
        """Removes a task with its own layers."""
        name = self.document.spec.task(task_id).name
        return self.document.apply(tr("Remove {task}", task=name), lambda spec: edits.remove_task(spec, task_id))

    def attach_head(self, task_id: str) -> bool:
        """Gives a task without an output its type's own head, after the selected layer or where the trunk ends."""
        task, source = self.document.spec.task(task_id), self._after(self.document.spec)
        if not source:
            return self._nothing_selected()
        parts = [(part.type, tr(part.name), part.parameters) for part in task_type(task.type).default_head]

        def attach(spec: ProjectSpec) -> tuple[ProjectSpec, tuple[str, ...]]:
            return edits.attach_head(spec, task_id, source, parts, main_output(spec, source))

        return self._make(tr("Give {task} a head", task=task.name), attach)

    # --- sharing ----------------------------------------------------------------------------------------------

    def share(self, tasks: frozenset[str] | None = None) -> bool:
        """Lets some tasks (default: all) share the selected layers."""
        wanted = frozenset(self.document.spec.task_ids) if tasks is None else tasks

        def shared(spec: ProjectSpec, ids: tuple[str, ...]) -> ProjectSpec:
            for layer_id in ids:
                if any(layer.id == layer_id for layer in spec.network.layers):  # an earlier one may have joined it
                    spec = edits.share_among(spec, layer_id, wanted)
            return spec

        return self._on_selection(tr("Share {layer}", layer=self._name()), shared)

    def own(self) -> bool:
        """Gives each task its own copy of the selected layers."""

        def parted(spec: ProjectSpec, ids: tuple[str, ...]) -> ProjectSpec:
            for layer_id in ids:
                if len(spec.network.layer(layer_id).tasks) > 1:
                    spec = edits.each_its_own(spec, layer_id)
            return spec

        return self._on_selection(tr("Give each task its own {layer}", layer=self._name()), parted)

    def stretch(self, tasks: tuple[str, ...], by: int) -> bool:
        """Lets the selected layer reach one row further down (`by` 1), or one less (−1).

        Args:
            tasks: in the order of the rows.
        """
        selection = self.document.selection
        if len(selection) != 1:
            return self._nothing_selected()
        own = self.document.spec.network.layer(selection[0]).tasks
        rows = [row for row, task in enumerate(tasks) if task in own]
        last = rows[-1] + by
        if last >= len(tasks) or last < rows[0]:
            return False
        wanted = frozenset(task for row, task in enumerate(tasks) if task in own and row <= last) | {tasks[last]}
        return self.share(wanted)

    def split_by(self, steps: int) -> bool:
        """Moves the split point by so many places."""
        try:
            positions = edits.split_positions(self.document.spec)
        except StudioError as error:
            self._say(error.text(), "warning")
            return False
        current = next((position.index for position in positions if position.current), 0)
        return self.document.apply(
            tr("Move the split point"), lambda spec: edits.set_split_point(spec, current + steps)
        )

    # --- problems ---------------------------------------------------------------------------------------------

    def mend(self, problem: Problem) -> bool:
        """Does what mends a problem."""
        mend = mend_of(problem)
        return mend is not None and self.document.apply(tr(mend.label), lambda spec: mend.apply(spec, problem))

    # --- helps ------------------------------------------------------------------------------------------------

    def _make(self, text: str, make: Made) -> bool:
        """Applies an edit that makes layers, and selects those."""
        made: list[str] = []

        def edit(spec: ProjectSpec) -> ProjectSpec:
            after, ids = make(spec)
            made[:] = [ids] if isinstance(ids, str) else ids
            return after

        done = self.document.apply(text, edit)
        if done:
            self.document.select(made)
        return done

    def _on_selection(self, text: str, edit: Callable[[ProjectSpec, tuple[str, ...]], ProjectSpec]) -> bool:
        selection = self.document.selection
        if not selection:
            return self._nothing_selected()
        return self.document.apply(text, lambda spec: edit(spec, selection))

    def _nothing_selected(self) -> bool:
        self._say(tr("Select a layer first"), "info")
        return False

    def _name(self, layer_ids: tuple[str, ...] | None = None) -> str:
        ids = self.document.selection if layer_ids is None else layer_ids
        if len(ids) != 1:
            return tr("{n} layers", n=len(ids))
        return self.document.spec.network.layer(ids[0]).name

    def _after(self, spec: ProjectSpec) -> str:
        """The layer that a new one follows: the selected one, else the last of the trunk."""
        if self.document.selection:
            return self.document.selection[-1]
        try:
            shared = trunk(spec.network, spec.task_ids)
        except StudioError:
            shared = []
        return shared[-1] if shared else ""

    def _on_connection(self, spec: ProjectSpec, type_: LayerType, at: Connection) -> tuple[ProjectSpec, str]:
        parameters = adapted(type_, shape_at(self._figures(), at.source, at.source_port))
        ports = _ports(type_, parameters)
        return edits.insert_on_connection(
            spec, at, type_.id, tr(type_.name), parameters, input_port=ports[0], output_port=ports[1]
        )

    def _behind(self, spec: ProjectSpec, type_: LayerType, after: str) -> tuple[ProjectSpec, str]:
        port = _port_behind(spec, after)
        parameters = adapted(type_, shape_at(self._figures(), after, port or "out"))
        ports = _ports(type_, parameters)
        return edits.insert_after(
            spec, after, type_.id, tr(type_.name), parameters, port=port, input_port=ports[0], output_port=ports[1]
        )


def _is_head(type_id: str) -> bool:
    try:
        return layer_type(type_id).group == "head"
    except KeyError:
        return False


def _ports(type_: LayerType, parameters: Mapping[str, Any]) -> tuple[str, str]:
    """The ports that the way goes through: the first in, `out` or the last out."""
    values = {parameter.name: parameter.default for parameter in type_.parameters} | dict(parameters)
    inputs, outputs = type_.input_ports(values), type_.output_ports(values)
    names = [port.name for port in outputs]
    return (inputs[0].name if inputs else "in"), ("out" if "out" in names or not names else names[-1])


def _port_behind(spec: ProjectSpec, layer_id: str) -> str | None:
    """Of a layer with several output ports in use the main one; None where the edit can tell by itself."""
    used = ports_used(spec.network, layer_id)
    return main_output(spec, layer_id) if len(used) > 1 else None


def _way_out(spec: ProjectSpec, layer_id: str) -> Connection | Output:
    """A connection out of a layer, or the output it gives."""
    ways: list[Connection | Output] = [c for c in spec.network.connections if c.source == layer_id]
    ways += [output for output in spec.network.outputs if output.layer == layer_id]
    if not ways:
        raise edits.EditRefused(mark("Nothing comes after these layers"))
    return ways[0]

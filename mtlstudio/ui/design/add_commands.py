"""Commands that bring layers in: add, connect, give heads, copy, paste."""

from __future__ import annotations

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.network.interface import layer_type
from mtlstudio.project import edits
from mtlstudio.project.graph import crossing
from mtlstudio.project.spec import Connection, Output, ProjectSpec
from mtlstudio.tasks.registry import task_type
from mtlstudio.ui.design import clipboard
from mtlstudio.ui.design.adding import Adder, is_head
from mtlstudio.ui.design.command_base import CommandBase
from mtlstudio.ui.design.fits import Join, main_output
from mtlstudio.ui.design.places import Place, across_behind, loose_ends, way_into


class AddCommands(CommandBase):
    """What brings layers and connections in."""

    def add(self, type_id: str, at: Connection | Place | None = None, each: bool = False) -> bool:
        """Adds a layer at a place, else after the selected layers, else where the trunk ends; selects it.

        Several selected layers get one each; a layer that takes several inputs joins them. In a network without layers
        the inputs come first.

        Args:
            each: one for each task, instead of one that they share.
        """
        type_, place = layer_type(type_id), Place(on=at) if isinstance(at, Connection) else at or Place()
        adder = Adder(type_, self._figures())
        selection, after = self.document.selection, self._after(self.document.spec)

        def made(spec: ProjectSpec) -> tuple[ProjectSpec, str | tuple[str, ...]]:
            start = after
            if not spec.network.layers:
                spec = edits.start_network(spec)
                start = spec.network.layers[0].id
            if type_.crosses:
                where = (
                    place if place.across else Place(across=across_behind(spec, selection or (start,), spec.task_ids))
                )
                return adder.across(spec, where)
            if place.on is not None:
                return adder.on(spec, place.on)
            if place.branch and not each:
                return adder.branch(spec, place.after, place.tasks, place.port)
            if not place.after and len(selection) > 1:
                return _to_several(adder, spec, selection)
            return _behind(adder, spec, place.after or start, place, each)

        return self._make(tr("Add {layer}", layer=tr(type_.name)), made)

    def start(self) -> bool:
        """Begins a network by hand: the inputs, and for each task its head."""

        def begun(spec: ProjectSpec) -> tuple[ProjectSpec, str]:
            spec = edits.start_network(spec)
            first = spec.network.layers[0].id
            for task in spec.task_ids:
                if spec.network.output_of(task) is None:
                    spec, _ids = _with_head(spec, task, first)
            return spec, first

        return self._make(tr("Start with the inputs and heads"), begun)

    def attach_head(self, task_id: str) -> bool:
        """Gives a task without an output its type's own head: where its own way ends, else behind the selected layer.

        The selection stays, so that the next task's head can start from there, too.
        """
        spec = self.document.spec
        source = self._head_source(spec, task_id)
        if not source:
            return self._nothing_selected()
        name = spec.task(task_id).name
        selected = bool(self.document.selection)
        return self._make(
            tr("Give {task} a head", task=name), lambda before: _with_head(before, task_id, source), not selected
        )

    def attach_heads(self) -> bool:
        """Gives every task without an output a head."""
        spec = self.document.spec
        lacking = [task for task in spec.task_ids if spec.network.output_of(task) is None]
        if not lacking:
            self._say(tr("Every task has a head"), "info")
            return False
        sources = {task: self._head_source(spec, task) for task in lacking}
        if not all(sources.values()):
            return self._nothing_selected()

        def attached(before: ProjectSpec) -> tuple[ProjectSpec, tuple[str, ...]]:
            for task in lacking:
                before, _ids = _with_head(before, task, sources[task])
            return before, tuple(self.document.selection)

        return self._make(tr("Give every task a head"), attached)

    def connect(self, join: Join) -> bool:
        """Connects two layers."""
        network, made = self.document.spec.network, join.connection
        names = {"source": network.layer(made.source).name, "target": network.layer(made.target).name}
        return self.document.apply(
            tr("Connect {source} and {target}", **names),
            lambda spec: edits.connect(spec, made, variadic=join.variadic, replace=True),
        )

    # --- copies -----------------------------------------------------------------------------------------------

    def duplicate(self) -> bool:
        """Puts copies of the selected layers after them; selects the copies."""
        selection = self.document.selection
        if not selection:
            return self._nothing_selected()
        return self._make(tr("Duplicate {layer}", layer=self._name()), lambda spec: edits.duplicate(spec, selection))

    def copy(self) -> bool:
        """Puts the selected layers on the clipboard."""
        if not self.document.selection:
            return self._nothing_selected()
        try:
            fragment = edits.extract(self.document.spec, self.document.selection)
        except StudioError as error:
            self._say(error.text(), "warning")
            return False
        clipboard.put_on(fragment)
        return True

    def cut(self) -> bool:
        """Copies the selected layers and takes them out."""
        selection = self.document.selection
        return self.copy() and self.document.apply(
            tr("Cut {layer}", layer=self._name()), lambda spec: edits.delete_layers(spec, selection)
        )

    def paste(self) -> bool:
        """Puts layers from the clipboard after the selected layer, else where the trunk ends; selects them.

        What is no way with one start and one end, or finds no way to stand on, is put down loose.
        """
        try:
            fragment = clipboard.taken()
        except StudioError as error:
            self._say(error.text(), "warning")
            return False
        return self.put(fragment)

    def put(self, fragment: edits.Fragment, place: Place | None = None) -> bool:
        """Puts copied layers at a place, else after the selected layer, else where the trunk ends; selects them."""
        place = place or Place()
        after = place.after or self._after(self.document.spec)

        def pasted(spec: ProjectSpec) -> tuple[ProjectSpec, str | tuple[str, ...]]:
            way = place.on or way_out(spec, after, place.tasks)
            if way is not None:
                try:
                    return edits.paste(spec, fragment, way)
                except edits.EditRefused:
                    pass
            tasks = place.tasks or (spec.network.layer(after).tasks if after else frozenset(spec.task_ids))
            return edits.paste_loose(spec, fragment, tasks)

        return self._make(tr("Paste"), pasted)

    def _head_source(self, spec: ProjectSpec, task_id: str) -> str:
        """What a task's head starts from: the loose end of its own, the selected layer, the end of the trunk."""
        own = loose_ends(spec.network, frozenset({task_id}))
        if own:
            return own[-1]
        source, seen = self._after(spec), set[str]()
        giving = {output.layer for output in spec.network.outputs}
        while source and (is_head(spec.network.layer(source).type) or source in giving) and source not in seen:
            seen.add(source)
            way = way_into(spec.network, source, task_id)
            source = way.source if way is not None else ""
        return source


def way_out(spec: ProjectSpec, layer_id: str, tasks: frozenset[str] = frozenset()) -> Connection | Output | None:
    """A connection out of a layer, or the output it gives; of these `tasks`, where some are said."""
    ways: list[Connection | Output] = [
        c
        for c in spec.network.connections
        if c.source == layer_id and (not tasks or tasks & spec.network.layer(c.target).tasks)
    ]
    ways += [o for o in spec.network.outputs if o.layer == layer_id and (not tasks or o.task in tasks)]
    return ways[0] if ways else None


def _with_head(spec: ProjectSpec, task_id: str, source: str) -> tuple[ProjectSpec, tuple[str, ...]]:
    task = spec.task(task_id)
    parts = [(part.type, tr(part.name), part.parameters) for part in task_type(task.type).default_head]
    return edits.attach_head(spec, task_id, source, parts, main_output(spec, source))


def _behind(
    adder: Adder, spec: ProjectSpec, after: str, place: Place, each: bool
) -> tuple[ProjectSpec, str | tuple[str, ...]]:
    """Behind a layer: one that its tasks share, or one for each of them; behind a layer between tasks always these."""
    layer = spec.network.layer(after)
    tasks = (place.tasks & layer.tasks) or layer.tasks
    several = each or (after in crossing(spec.network) and not place.port)
    if not several or len(tasks) < 2:
        return adder.behind(spec, after, tasks if tasks != layer.tasks else frozenset(), place.port)
    made: list[str] = []
    for task in spec.task_ids:
        if task in tasks:
            spec, layer_id = adder.behind(spec, after, frozenset({task}), place.port)
            made.append(layer_id)
    return spec, tuple(made)


def _to_several(
    adder: Adder, spec: ProjectSpec, selection: tuple[str, ...]
) -> tuple[ProjectSpec, str | tuple[str, ...]]:
    """One layer behind each of the selected ones; or one that joins them, where it takes several inputs."""
    if adder.takes_several and all(not is_head(spec.network.layer(i).type) for i in selection):
        return adder.joining(spec, selection)
    made: list[str] = []
    for layer_id in selection:
        spec, new = adder.behind(spec, layer_id)
        made.append(new)
    return spec, tuple(made)

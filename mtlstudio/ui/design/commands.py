"""What can be done to the network by name: menus, keys, palette and popup all call these."""

from __future__ import annotations

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.project import edits
from mtlstudio.project.mends import mend_of
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.project.weights import set_shown_weight
from mtlstudio.ui.design.add_commands import AddCommands
from mtlstudio.ui.design.group_commands import GroupCommands


class Commands(AddCommands, GroupCommands):
    """Edits of a document, named for a person, with the selection as their object."""

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

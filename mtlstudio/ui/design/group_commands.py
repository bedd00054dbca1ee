"""Commands on groups of layers and groups of tasks."""

from __future__ import annotations

from mtlstudio.base.texts import ntr, tr
from mtlstudio.project import edits
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design.command_base import CommandBase


class GroupCommands(CommandBase):
    """Group, dissolve, fold."""

    def group(self) -> bool:
        """Makes a group of the selected layers, unfolded."""
        selection = self.document.selection
        if len(selection) < 2:
            self._say(tr("Select two layers or more to group them"), "info")
            return False
        names = [self.document.spec.network.layer(layer_id).name for layer_id in selection]
        name = tr("{first} … {last}", first=names[0], last=names[-1])
        return self.document.apply(
            tr("Group layers"),
            lambda spec: edits.fold_group(*edits.group_layers(spec, selection, name), folded=False),
        )

    def ungroup(self) -> bool:
        """Dissolves the groups that the selected layers are in."""
        found = self._groups()
        if not found:
            self._say(tr("No group is selected"), "info")
            return False

        def dissolved(spec: ProjectSpec) -> ProjectSpec:
            for group in found:
                spec = edits.ungroup(spec, group)
            return spec

        return self.document.apply(tr("Dissolve the group"), dissolved)

    def fold(self) -> bool:
        """Folds the groups that the selected layers are in, or unfolds them where all are folded."""
        found = self._groups()
        if not found:
            self._say(tr("No group is selected"), "info")
            return False
        folded = not all(group.folded for group in self.document.spec.network.groups if group.id in found)
        return self.fold_groups(found, folded)

    def fold_groups(self, groups: list[str], folded: bool) -> bool:
        """Folds or unfolds groups of layers."""

        def done(spec: ProjectSpec) -> ProjectSpec:
            for group in groups:
                spec = edits.fold_group(spec, group, folded)
            return spec

        return self.document.apply(tr("Fold the group") if folded else tr("Unfold the group"), done)

    def rename_group(self, group_id: str, name: str) -> bool:
        """Gives a group of layers another name."""
        return self.document.apply(
            tr("Rename {layer}", layer=name), lambda spec: edits.rename_group(spec, group_id, name)
        )

    def group_rows(self, task_ids: tuple[str, ...], name: str = "") -> bool:
        """Makes a folded group of tasks."""
        words = name or ntr("{n} task", "{n} tasks", len(task_ids))
        return self.document.apply(tr("Group rows"), lambda spec: edits.group_tasks(spec, task_ids, words)[0])

    def ungroup_rows(self, group_id: str) -> bool:
        """Dissolves a group of tasks."""
        return self.document.apply(tr("Dissolve the group"), lambda spec: edits.ungroup_tasks(spec, group_id))

    def fold_rows(self, group_id: str, folded: bool) -> bool:
        """Folds the rows of a group of tasks into one, or unfolds them."""
        text = tr("Fold the rows") if folded else tr("Unfold the rows")
        return self.document.apply(text, lambda spec: edits.fold_tasks(spec, group_id, folded))

    def rename_rows(self, group_id: str, name: str) -> bool:
        """Gives a group of tasks another name."""
        return self.document.apply(
            tr("Rename {task}", task=name), lambda spec: edits.rename_task_group(spec, group_id, name)
        )

    def _groups(self) -> list[str]:
        chosen = set(self.document.selection)
        return [group.id for group in self.document.spec.network.groups if chosen & set(group.layers)]

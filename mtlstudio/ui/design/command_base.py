"""What all groups of commands have in common."""

from __future__ import annotations

from collections.abc import Callable

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.project.graph import trunk
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.document import Document

Made = Callable[[ProjectSpec], tuple[ProjectSpec, str | tuple[str, ...]]]


class CommandBase:
    """Edits of a document, named for a person, with the selection as their object.

    Args:
        figures: gives the analysis at hand, if any.
        say: tells the user something (text, kind).
    """

    def __init__(
        self, document: Document, figures: Callable[[], Analysis | None], say: Callable[[str, str], None]
    ) -> None:
        self.document, self._figures, self._say = document, figures, say

    def _make(self, text: str, make: Made, select: bool = True) -> bool:
        """Applies an edit that makes layers, and selects those."""
        made: list[str] = []

        def edit(spec: ProjectSpec) -> ProjectSpec:
            after, ids = make(spec)
            made[:] = [ids] if isinstance(ids, str) else ids
            return after

        done = self.document.apply(text, edit)
        if done and select:
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
        if shared:
            return shared[-1]
        return spec.network.layers[-1].id if spec.network.layers else ""

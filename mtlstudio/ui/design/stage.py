"""The grid of a document: its project and figures, or those of a gesture's preview."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.document import Document
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.gestures.sharing import split_places
from mtlstudio.ui.design.picture import weight_top
from mtlstudio.ui.design.viewport import Viewport


class Stage(Viewport):
    """Shows a document's grid, or what a gesture would make of it.

    Signals:
        previewed(object): a gesture shows another project (None: it has ended).
    """

    previewed = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document.spec, parent)
        self.document = document
        self._said: tuple[str, bool] | None = None
        self._known: tuple[Analysis | None, bool] = (None, False)
        self.setObjectName("canvas")
        self.setAccessibleName(tr("Sharing grid"))
        document.selection_changed.connect(self._show_selection)
        self._show_selection(document.selection)
        self.refresh_weights()
        self._caption()

    def follow(self, spec: ProjectSpec) -> None:
        """The document has changed."""
        if self.fixed_rows is None:
            self.show_spec(spec)
            self._caption()

    def show_figures(self, analysis: Analysis | None, current: bool) -> None:
        """Figures of the document's network; `current`: not of an older state."""
        self._known = analysis, current
        if self.fixed_rows is None:
            self.show_analysis(analysis, not current)
            self._caption()

    def show_preview_figures(self, spec: ProjectSpec, analysis: Analysis) -> None:
        """Figures of what a gesture shows."""
        if spec is self.picture.spec and self.fixed_rows is not None:
            self.show_analysis(analysis)
            self._caption()

    def figures(self) -> Analysis | None:
        """The figures of the document's network at hand, whatever is shown."""
        return self._known[0]

    def preview(self, spec: ProjectSpec | None) -> None:
        """Shows what a gesture would do, without moving the rows; None: the document again."""
        self._said = None
        if spec is None:
            self.fixed_rows = None
        elif self.fixed_rows is None:
            self.fixed_rows = self.scene.layout.order
        shown = spec if spec is not None else self.document.spec
        self.show_spec(shown)
        if shown is self.document.spec:
            self.show_analysis(self._known[0], not self._known[1])
        self.previewed.emit(spec)
        self._caption()

    def announce(self, text: str, refused: bool = False) -> None:
        """Says something in the callout while a gesture lasts."""
        self._said = text, refused
        self._caption()

    def refresh_weights(self) -> None:
        """Chooses the range of the λ sliders anew."""
        self.picture.weight_top = weight_top(self.document.spec)
        self.update()

    def callout(self) -> tuple[str, str]:
        """The words beside the split handle: what is shared, and what it costs."""
        return self.picture.callout.title, self.picture.callout.line

    def split_positions_x(self) -> list[int]:
        """Widget pixels at which the split handle can be let go, from left to right."""
        return [round(self.scene.x(x)) for x, _now in split_places(self.document.spec, self.scene.layout)]

    def _caption(self) -> None:
        analysis = self.picture.analysis
        callout = self.picture.callout
        callout.lines = figures.cost_lines(analysis.total, analysis.separate) if analysis is not None else ("",)
        callout.titles, callout.refused = (
            ((self._said[0],), self._said[1]) if self._said else (self._trunk_words(), False)
        )
        self.update()

    def _trunk_words(self) -> tuple[str, ...]:
        """What all tasks share, longest first."""
        layout = self.scene.layout
        trunk = [layout.cards[card].spot for card in layout.trunk]
        if not trunk:
            return ("",)
        last = max(trunk, key=lambda spot: (spot.column, -spot.slot)).layer
        if last.type == "input":
            return (tr("Only {layer} is shared by all · drag to share more", layer=last.name), tr("Nothing is shared"))
        return (
            tr("Shared by all up to {layer} · drag to share more or less", layer=last.name),
            tr("Shared by all up to {layer}", layer=last.name),
        )

    def _show_selection(self, selection: Iterable[str]) -> None:
        chosen = tuple(selection)
        self.picture.selection = frozenset(chosen)
        names = [layer.name for layer in self.document.spec.network.layers if layer.id in self.picture.selection]
        self.setAccessibleDescription(", ".join(names))
        self.update()

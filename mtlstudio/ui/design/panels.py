"""What stands around the grid and opens beside it: outline, minimap, comparison, Analyze, take away, patterns."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.templates.registry import template
from mtlstudio.project import edits
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.studio import Studio
from mtlstudio.ui.design import pattern_store
from mtlstudio.ui.design.analyze_dialog import AnalyzeDialog
from mtlstudio.ui.design.canvas import Canvas
from mtlstudio.ui.design.commands import Commands
from mtlstudio.ui.design.difference_marks import DifferenceMarks
from mtlstudio.ui.design.difference_panel import DifferencePanel
from mtlstudio.ui.design.export_dialog import ExportDialog
from mtlstudio.ui.design.minimap import Minimap
from mtlstudio.ui.design.palette import Palette
from mtlstudio.ui.design.side import Side
from mtlstudio.ui.design.template_dialog import TemplateDialog

MINIMAP = "design.minimap"


class Panels(QObject):
    """Makes the panels and joins them to the canvas and the document.

    Signals:
        layer_wanted(str): a panel asks to select and show a layer.
    """

    layer_wanted = Signal(str)

    def __init__(self, studio: Studio, canvas: Canvas, commands: Commands, palette: Palette, owner: QWidget) -> None:
        super().__init__(owner)
        self._studio, self._canvas, self._commands, self._owner = studio, canvas, commands, owner
        self.document = canvas.document
        self.side = Side(palette)
        self.outline, self.patterns = self.side.outline, self.side.patterns
        self.minimap, self.marks = Minimap(canvas), DifferenceMarks(canvas)
        self.difference = DifferencePanel(self.document)
        self.analyze: AnalyzeDialog | None = None
        self.minimap.set_on(studio.settings.layouts.get(MINIMAP) != "off")
        self._connect()

    def handlers(self) -> dict[str, object]:
        """The commands that open panels."""
        return {
            "design.analyze": self.open_analyze,
            "design.template": self.choose_template,
            "design.outline": self.side.search_outline,
            "design.minimap": lambda: self.minimap.set_on(not self.minimap.is_on),
            "design.compare": self.difference.open_now,
            "design.export": self.open_export,
            "design.keep": self.keep_pattern,
        }

    def show_state(self, spec: ProjectSpec, analysis: Analysis | None) -> None:
        """Another state of the document, or of its figures."""
        self.outline.show_state(spec, analysis)
        self.difference.show_analysis(analysis)
        if self.analyze is not None:
            self.analyze.show_analysis(spec, analysis)

    def shut_down(self) -> None:
        """The workspace goes."""
        self.difference.shut_down()

    def settled(self) -> bool:
        """Nothing is under way."""
        return self.difference.settled()

    def choose_template(self) -> None:
        """Asks for a template and replaces the network by it."""
        dialog = TemplateDialog(self._owner, self.document.spec, self._studio.engine.is_ready)
        if dialog.exec():
            chosen = template(dialog.chosen)
            self.document.apply(
                tr("Template {name}", name=tr(chosen.name)),
                lambda spec: edits.replace_network(spec, chosen.build(spec)),
            )
            self._canvas.show_all()
        dialog.deleteLater()

    def open_analyze(self) -> None:
        """Shows the report; it stays open."""
        if self.analyze is None:
            engine = self._studio.engine
            device = engine.device.partition(":")[0] or "cpu"
            self.analyze = AnalyzeDialog(self._owner.window(), device, engine.device_memory)
            self.analyze.layer_wanted.connect(self.layer_wanted)
            self._owner.destroyed.connect(self.analyze.deleteLater)
        self.analyze.show_analysis(self.document.spec, self._studio.analysis.analysis)
        self.analyze.show()
        self.analyze.raise_()

    def open_export(self) -> None:
        """Asks what to take away."""
        studio = self._studio
        dialog = ExportDialog(self.document, lambda: studio.analysis.analysis, studio.settings, self._owner)
        dialog.exec()
        studio.remember_settings()
        dialog.deleteLater()

    def keep_pattern(self) -> None:
        """Asks for a name and keeps the selected layers, for all projects."""
        selection = self.document.selection
        if not selection:
            self._studio.say(tr("Select layers first"), "info")
            return
        try:
            fragment = edits.extract(self.document.spec, selection)
        except StudioError as error:
            self._studio.say(error.text(), "warning")
            return
        groups = [group.name for group in self.document.spec.network.groups if set(group.layers) == set(selection)]
        proposed = groups[0] if groups else self.document.spec.network.layer(selection[0]).name
        name, ok = QInputDialog.getText(self._owner, tr("Keep as a pattern"), tr("Name"), text=proposed)
        if ok and name.strip():
            try:
                pattern_store.keep(name, fragment)
            except StudioError as error:
                self._studio.say(error.text(), "bad")
            self.patterns.refresh()

    # --- joining ----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        outline, difference = self.outline, self.difference
        outline.chosen.connect(self._select)
        outline.gone_to.connect(self._go)
        outline.renamed.connect(self._rename)
        outline.grouped.connect(self._join_group)
        self.document.selection_changed.connect(outline.show_selection)
        difference.marked.connect(self.marks.set_marks)
        difference.layer_wanted.connect(self.layer_wanted)
        self.minimap.toggled.connect(self._remember_minimap)
        self.patterns.chosen.connect(self._put)
        self.patterns.keep_wanted.connect(self.keep_pattern)
        self.patterns.refused.connect(lambda text: self._studio.say(text, "warning"))

    def _select(self, layer_ids: tuple[str, ...]) -> None:
        self.document.select(layer_ids)
        if layer_ids:
            self._canvas.reveal(layer_ids[-1])

    def _go(self, layer_id: str) -> None:
        if layer_id not in self.document.selection:
            self.document.select([layer_id])
        self._canvas.reveal(layer_id)

    def _rename(self, item: str, name: str) -> None:
        if item.startswith("group:"):
            self._commands.rename_group(item.removeprefix("group:"), name)
        else:
            self._commands.rename(item, name)

    def _join_group(self, layer_ids: tuple[str, ...], group_id: str) -> None:
        """Layers join a group that is there: the group made anew with them, under its old name."""
        network = self.document.spec.network
        group = next((found for found in network.groups if found.id == group_id), None)
        if group is None or set(layer_ids) <= set(group.layers):
            return

        def joined(spec: ProjectSpec) -> ProjectSpec:
            after, made = edits.group_layers(spec, {*group.layers, *layer_ids}, group.name)
            return edits.fold_group(after, made, group.folded)

        self.document.apply(tr("Group {name}", name=group.name), joined)

    def _put(self, fragment: edits.Fragment) -> None:
        if self._commands.put(fragment):
            self._canvas.reveal(self.document.selection[-1])

    def _remember_minimap(self, on: bool) -> None:
        self._studio.settings.layouts[MINIMAP] = "on" if on else "off"

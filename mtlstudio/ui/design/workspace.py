"""The Design workspace: palette, sharing grid, properties."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mtlstudio.base.texts import ntr, tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.analysis import AnalysisSession
from mtlstudio.session.document import Document
from mtlstudio.session.studio import Studio
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.activations import ActivationView
from mtlstudio.ui.design.agreement import AgreementTint
from mtlstudio.ui.design.analyze_dialog import AnalyzeDialog
from mtlstudio.ui.design.canvas import Canvas
from mtlstudio.ui.design.commands import Commands
from mtlstudio.ui.design.costs import CostPanel
from mtlstudio.ui.design.heritage import told
from mtlstudio.ui.design.hosting import CanvasHost
from mtlstudio.ui.design.palette import Palette
from mtlstudio.ui.design.panels import Panels
from mtlstudio.ui.design.problem_list import by_severity
from mtlstudio.ui.design.properties import Properties
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.shell.workspace import Workspace, WorkspaceDeclaration
from mtlstudio.ui.theme import scaled

_NEEDS_SELECTION = (
    "design.delete", "design.duplicate", "design.rename", "design.freeze", "design.bypass", "design.own", "design.share",
    "design.cut", "design.copy", "design.group", "design.ungroup", "design.fold", "design.connect",
)  # fmt: skip


LOW = 660


class DesignWorkspace(Workspace):
    """Where a person arranges which layers which tasks share."""

    declaration = WorkspaceDeclaration("design", "Design", "design", ("design.analyze", "train.start"))

    def __init__(self, studio: Studio, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(studio, actions, parent)
        assert studio.document is not None
        self.document: Document = studio.document
        self.canvas = Canvas(self.document, studio.settings)
        self.commands = Commands(self.document, self.canvas.figures, studio.say)
        self.palette_panel, self.properties, self.costs = Palette(studio.settings), Properties(), CostPanel()
        self.panels = Panels(studio, self.canvas, self.commands, self.palette_panel, self)
        self.host = CanvasHost(self.canvas, self.commands, actions, studio.say, self.panels.choose_template)
        self.quick_add = self.host.quick_add
        self.activations = ActivationView(studio, self.canvas, actions, self)
        self.agreement = AgreementTint(studio, self.canvas, actions, self)
        self._preview: AnalysisSession | None = None
        self._trial: tuple[ProjectSpec, Analysis] | None = None
        self._problem = -1
        self._lay_out()
        self._connect_canvas()
        self._connect_panels()
        self.document.changed.connect(self._follow)
        self.document.selection_changed.connect(self._show_selection)
        studio.analysis.updated.connect(self._take_figures)
        studio.analysis.failed.connect(self._say_failure)
        studio.data.opened.connect(self._tell_status)
        self._take_figures(studio.analysis.spec, studio.analysis.analysis)
        self._show_selection(self.document.selection)

    # --- building ---------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        middle = QWidget()
        middle.setProperty("ground", "background")
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.activations.strip)
        column.addWidget(self.canvas, 1)
        compared = QHBoxLayout()
        compared.setContentsMargins(16, 6, 16, 0)
        compared.addWidget(self.panels.difference)
        column.addLayout(compared)
        below = QHBoxLayout()
        below.setContentsMargins(16, 6, 16, 10)
        self.costs.setMaximumWidth(scaled(720))
        below.addStretch(1)
        below.addWidget(self.costs, 8)
        below.addStretch(1)
        column.addLayout(below)
        for part in (self.panels.side, middle, self.properties):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)
        self.setFocusProxy(self.canvas)

    def _connect_canvas(self) -> None:
        self.canvas.previewed.connect(self._show_preview)
        self.canvas.properties_wanted.connect(self.properties.enter)

    def _connect_panels(self) -> None:
        self.palette_panel.chosen.connect(self._add_from_palette)
        self.panels.layer_wanted.connect(self._go_to_layer)
        for page in (self.properties.layer_page, self.properties.network_page):
            page.problem_activated.connect(self.go_to)
            page.mend_wanted.connect(self.commands.mend)
        self.properties.network_page.weight_changed.connect(self.commands.set_weight)
        layers = self.properties.layer_page
        layers.parameter_changed.connect(
            lambda name, value: self.commands.set_parameter(self.document.selection, name, value)
        )
        layers.training_changed.connect(self._set_training)
        layers.sharing_wanted.connect(
            lambda tasks: self.commands.own() if tasks is None else self.commands.share(tasks)
        )  # fmt: skip

    # --- the workspace's interface ----------------------------------------------------------------------------

    def handlers(self) -> dict[str, object]:
        """The commands of this room."""
        own: dict[str, object] = {"design.next_problem": self.next_problem}
        return (
            self.host.handlers()
            | self.panels.handlers()
            | self.activations.handlers()
            | self.agreement.handlers()
            | own
        )

    @property
    def analyze(self) -> AnalyzeDialog | None:
        """The report, once it was opened."""
        return self.panels.analyze

    def entered(self) -> None:
        """The workspace is shown now."""
        self.activations.entered()

    def left(self) -> None:
        """Another workspace is shown now."""
        self.activations.left()
        self.quick_add.close_now()
        self.canvas.cancel_gesture()
        self.panels.shut_down()
        if self._preview is not None:
            self._preview.shut_down()
            self._preview.deleteLater()
            self._preview = None

    def status(self) -> list[str]:
        """Run, tasks and images, parameters, MACs."""
        spec, analysis = self._shown()
        run, data = self.studio.training.run, self.studio.data.data
        texts = [tr("Run {name}", name=run.info().name) if run is not None else tr("No run")]
        tasks = ntr("{n} task", "{n} tasks", len(spec.tasks))
        images = ntr("{n} image", "{n} images", len(data.all_items)) if data is not None else ""
        texts.append(tr("{tasks} · {images}", tasks=tasks, images=images) if images else tasks)
        if analysis is not None:
            texts.append(tr("{n} parameters", n=figures.count(analysis.total.parameters)))
            texts.append(tr("{n} MACs", n=figures.count(analysis.total.macs)))
        return texts

    def compare_with_run(self, name: str) -> None:
        """Shows in what the design differs from the network of a run."""
        self.panels.difference.open_with_run(name)

    def settled(self) -> bool:
        """The figures shown are those of the document."""
        figures_done = self.studio.analysis.is_current or bool(self.studio.engine.failure)
        done = figures_done and self.panels.settled() and self.activations.settled()
        return done and (self._preview is None or not self._preview.jobs.busy)

    def default_sizes(self) -> list[int]:
        """Palette, grid, properties."""
        side = scaled(200), scaled(264)
        if self.width() < scaled(1000):
            side = scaled(170), scaled(236)
        return [side[0], max(400, self.width() - sum(side)), side[1]]

    # --- following --------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """In a low window the costs fold, until the user opens them."""
        super().resizeEvent(event)
        self.costs.fold_unless_chosen(self.height() < scaled(LOW))

    def _follow(self, before: ProjectSpec, after: ProjectSpec) -> None:
        self.canvas.follow(after)
        if before.network.layers and before.network is not after.network:
            inherits = self.studio.training.would_inherit
            words = told(before, after, inherits(before), inherits(after))
            if words:
                self.studio.say(words, "info")
            added = {layer.id for layer in after.network.layers} - {layer.id for layer in before.network.layers}
            types = {after.network.layer(layer_id).type for layer_id in added}
            if len(types) == 1:
                self.palette_panel.used(types.pop())
        if not self.canvas.is_busy:
            self.canvas.refresh_weights()
        self._known_stale()
        self._show_properties()
        self.panels.show_state(after, self.studio.analysis.analysis)
        self.host.place_empty()

    def _known_stale(self) -> None:
        """Costs and shapes at hand are of an older network; task names and weights do not touch them."""
        analysis = self.studio.analysis
        self.canvas.show_figures(analysis.analysis, analysis.spec is not None and _same_network(
            analysis.spec, self.document.spec))  # fmt: skip

    def _take_figures(self, _spec: ProjectSpec | None, analysis: Analysis | None) -> None:
        self._known_stale()
        self._show_everywhere()
        self.panels.show_state(self.document.spec, analysis)
        self.host.place_empty()

    def _say_failure(self, text: str) -> None:
        self.studio.say(text, "bad")

    def _show_preview(self, spec: ProjectSpec | None) -> None:
        if spec is None:
            if self._preview is not None:
                self._preview.clear()
            if self._trial is not None:
                self._trial = None
                self._show_everywhere()
        elif self.studio.engine.is_ready:
            if self._preview is None:
                self._preview = AnalysisSession(self)
                self._preview.updated.connect(self._take_preview)
            self._preview.request(spec)

    def _take_preview(self, spec: ProjectSpec, analysis: Analysis) -> None:
        if spec is self.canvas.picture.spec and self.canvas.is_busy:
            self._trial = spec, analysis
            self.canvas.show_preview_figures(spec, analysis)
            self._show_everywhere()

    def _shown(self) -> tuple[ProjectSpec, Analysis | None]:
        """What all figures in the window speak of: a gesture's preview, or the document."""
        return self._trial or (self.document.spec, self.studio.analysis.analysis)

    def _show_everywhere(self) -> None:
        self.costs.show_costs(*self._shown())
        self._show_properties()
        self._tell_status()

    def _show_selection(self, selection: tuple[str, ...]) -> None:
        for action_id in _NEEDS_SELECTION:
            self.actions_.allow(action_id, bool(selection))
        self._show_properties()

    def _show_properties(self) -> None:
        spec, analysis = self._shown()
        self.properties.show_state(spec, self.document.selection, analysis)

    def _tell_status(self) -> None:
        self.status_changed.emit(self.status())

    # --- commands ---------------------------------------------------------------------------------------------

    def _add_from_palette(self, type_id: str) -> None:
        if self.commands.add(type_id):
            self.canvas.reveal(self.document.selection[-1])

    def _set_training(self, name: str, value: object) -> None:
        if name == "frozen":
            self.commands.freeze(bool(value))
        elif name == "bypassed":
            self.commands.bypass(bool(value))
        elif isinstance(value, float):
            self.commands.set_rate(self.document.selection, value)

    # --- problems ---------------------------------------------------------------------------------------------

    def next_problem(self) -> None:
        """Goes to the next problem, the worst first."""
        analysis = self.studio.analysis.analysis
        problems = by_severity(analysis.problems) if analysis is not None else []
        if not problems:
            self.studio.say(tr("There are no problems"), "good")
            return
        self._problem = (self._problem + 1) % len(problems)
        self.go_to(problems[self._problem])

    def go_to(self, problem: Problem) -> None:
        """Shows where a problem is."""
        known = {layer.id for layer in self.document.spec.network.layers}
        if problem.place.kind == "layer" and problem.place.id in known:
            self._go_to_layer(problem.place.id)
            if problem.place.field:
                self.properties.layer_page.form.focus(problem.place.field)
        else:
            self.document.select([])
            self.studio.say(problem.text(), "warning")

    def _go_to_layer(self, layer_id: str) -> None:
        self.document.select([layer_id])
        self.canvas.reveal(layer_id)


def _same_network(one: ProjectSpec, two: ProjectSpec) -> bool:
    """Whether figures of one hold for the other."""
    return one is two or (one.network is two.network and one.data == two.data and one.inputs == two.inputs)

"""OPTIMIZER: how the next run is trained. One form made from the declarations of settings and methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark, tr
from mtlstudio.network.inheritance import preview
from mtlstudio.project import edits
from mtlstudio.project.settings import MethodSpec, TrainingSettings, parameters_of
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import find_run, runs_of
from mtlstudio.session.studio import Studio
from mtlstudio.tasks.registry import task_type
from mtlstudio.training.declarations import Method
from mtlstudio.training.methods import optimizers, schedules
from mtlstudio.ui.train.rate_dialog import RateDialog
from mtlstudio.ui.widgets.common import button, label
from mtlstudio.ui.widgets.panel import Collapsible
from mtlstudio.ui.widgets.parameter_form import ParameterForm
from mtlstudio.ui.widgets.titles import SectionTitle

_FIRST = ("batch_size", "epochs", "precision", "start_from")
_BALANCE = ("normalise_weights",)  # shown beside the sliders
_RATE = "learning_rate"
_RATE_FIELD = f"optimizer.{_RATE}"


class RecipeBox(QWidget):
    """The training settings: the usual ones, and all others under "More"."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert studio.document is not None
        self._studio, self._training, self._document = studio, studio.training, studio.document
        self._runs: dict[str, str] = {}
        self.form, self.more = ParameterForm(), ParameterForm()
        self.form.setObjectName("recipe")
        self.more.setObjectName("recipe-more")
        self.hint = label(tr("This run's snapshot; changes apply to the next run."), "dim", wrap=True)
        self.heritage = label("", "dim", wrap=True)
        self.advanced = Collapsible(tr("More"), expanded=False)
        self.advanced.add(self.more)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        inside.addWidget(SectionTitle(tr("Optimizer")))
        inside.addWidget(self.hint)
        inside.addWidget(self.form)
        inside.addWidget(self.heritage)
        inside.addWidget(self.advanced)
        for form in (self.form, self.more):
            form.changed.connect(self._edit)
        self._document.changed.connect(self._follow)
        studio.training.state_changed.connect(self._look_at_runs)
        self._look_at_runs()

    def refresh(self, *_news: object) -> None:
        """Shows the project's settings, or, while a run trains, those it has."""
        live = self._training.is_training
        spec = (self._training.spec if live else None) or self._document.spec
        first, more, values = fields_of(spec, self._runs)
        self.form.set_parameters(first, {name: values[name] for name in (item.name for item in first)})
        self._offer_finder()
        self.more.set_parameters(more, {name: values[name] for name in (item.name for item in more)})
        self.form.setEnabled(not live)
        self.more.setEnabled(not live)
        self.hint.setVisible(live)
        self._foresee(spec)

    def _offer_finder(self) -> None:
        """A button beside the learning rate, where the optimizer has one."""
        if all(item.name != _RATE_FIELD for item in self.form.parameters()):
            return
        editor = self.form.editor(_RATE_FIELD)
        if editor.findChild(QPushButton, "find-rate") is None:
            found = button("", "wand", quiet=True, small=True)
            found.setObjectName("find-rate")
            found.setToolTip(tr("Find a learning rate…"))
            found.setAccessibleName(tr("Find a learning rate…"))
            found.clicked.connect(self._find_rate)
            editor.add_button(found)

    def _find_rate(self) -> None:
        dialog = RateDialog(self._studio, float(self.form.values()[_RATE_FIELD]), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._edit(_RATE_FIELD, dialog.chosen))
        dialog.open()

    def _look_at_runs(self, *_news: object) -> None:
        """Reads which runs there are to start from."""
        own = self._training.run.id if self._training.is_training and self._training.run is not None else ""
        self._runs = {
            run.id: run.info().name for run in runs_of(self._document.folder) if run.id != own and run.store.steps()
        }
        self.refresh()

    def _foresee(self, spec: ProjectSpec) -> None:
        """Says what the layers would inherit from the run that is chosen."""
        name, words, tip = spec.training.start_from, "", ""
        if name:
            try:
                run = find_run(self._document.folder, name)
                found = preview(spec, run.spec(), run.id)
                words, tip = found.summary(), "\n".join(found.lines())
            except StudioError as error:
                words = error.text()
        self.heritage.setText(words)
        self.heritage.setToolTip(tip)
        self.heritage.setVisible(bool(words))

    def _follow(self, before: ProjectSpec, after: ProjectSpec) -> None:
        if before.training != after.training or before.tasks != after.tasks:
            self.refresh()
        elif before.network != after.network:
            self._foresee(after)

    def _edit(self, name: str, value: Any) -> None:
        changes = changed(self._document.spec.training, name, value)
        self._document.apply(
            tr("Change {setting}", setting=_label_of(self._document.spec, name)),
            lambda spec: edits.set_training(spec, **changes),
            f"training.{name}",
        )


def fields_of(
    spec: ProjectSpec, runs: Mapping[str, str] | None = None
) -> tuple[tuple[Parameter, ...], tuple[Parameter, ...], dict[str, Any]]:
    """The usual fields, the others, and the values of all. A method's own parameters are named
    `optimizer.learning_rate`, the method itself `optimizer.method`."""
    training = spec.training
    optimizer, schedule = _method(optimizers(), training.optimizer), _method(schedules(), training.schedule)
    settings = {item.name: item for item in parameters_of(TrainingSettings)}
    settings["best"] = _best(spec, settings["best"])
    settings["start_from"] = _start_from(spec, settings["start_from"], runs or {})
    first = (
        _choice("optimizer", mark("Method"), optimizers(), optimizer),
        *_own("optimizer", optimizer, only=(_RATE,)),
        _choice("schedule", mark("Schedule"), schedules(), schedule),
        *(settings[name] for name in _FIRST),
    )
    more = (
        *_own("optimizer", optimizer, without=(_RATE,)),
        *_own("schedule", schedule),
        *(item for name, item in settings.items() if name not in (*_FIRST, *_BALANCE)),
    )
    values: dict[str, Any] = {name: getattr(training, name) for name in settings}
    for kind, chosen, method in (
        ("optimizer", training.optimizer, optimizer),
        ("schedule", training.schedule, schedule),
    ):
        values[f"{kind}.method"] = chosen.method
        own = method.parameters if method is not None else ()
        values |= {f"{kind}.{item.name}": chosen.parameters.get(item.name, item.default) for item in own}
    return first, more, values


def changed(training: TrainingSettings, name: str, value: Any) -> dict[str, Any]:
    """The changes for `edits.set_training` that a field's new value means. Another method starts at its defaults."""
    kind, _, own = name.partition(".")
    if not own:
        return {name: value}
    chosen: MethodSpec = getattr(training, kind)
    if own == "method":
        return {kind: MethodSpec(str(value))}
    return {kind: MethodSpec(chosen.method, chosen.parameters.with_(**{own: value}))}


def _method(methods: Iterable[Method], chosen: MethodSpec) -> Method | None:
    return next((method for method in methods if method.id == chosen.method), None)


def _choice(kind: str, words: str, methods: Iterable[Method], chosen: Method | None) -> Parameter:
    choices = FrozenDict({method.id: method.name for method in methods})
    return Parameter(f"{kind}.method", "choice", "", words, chosen.summary if chosen else "", choices=choices)


def _own(
    kind: str, method: Method | None, only: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> list[Parameter]:
    items = method.parameters if method is not None else ()
    return [
        replace(
            item,
            name=f"{kind}.{item.name}",
            visible_if=(f"{kind}.{item.visible_if[0]}", item.visible_if[1]) if item.visible_if else None,
        )
        for item in items
        if (not only or item.name in only) and item.name not in without
    ]


def _start_from(spec: ProjectSpec, declared: Parameter, runs: Mapping[str, str]) -> Parameter:
    """ "Start from" as a choice among the project's runs (id -> name), newest first."""
    chosen = spec.training.start_from
    choices = {"": tr("Nothing"), **dict(reversed(list(runs.items())))}
    return replace(declared, kind="choice", choices=FrozenDict({**choices, chosen: choices.get(chosen, chosen)}))


def _best(spec: ProjectSpec, declared: Parameter) -> Parameter:
    """ "Best by" as a choice among the metrics of the project's tasks."""
    choices = {"loss": tr("All losses")}
    for task in spec.tasks:
        try:
            metrics = task_type(task.type).metrics_offered
        except KeyError:
            continue
        choices |= {f"{task.id}.{metric.id}": f"{task.name} · {tr(metric.short or metric.name)}" for metric in metrics}
    help_ = mark("What the best epoch is chosen by: the validation losses relative to their first, or one metric.")
    return replace(declared, kind="choice", choices=FrozenDict(choices), help=help_)


def _label_of(spec: ProjectSpec, name: str) -> str:
    first, more, _values = fields_of(spec)
    return next((tr(item.label) for item in (*first, *more) if item.name == name), name)

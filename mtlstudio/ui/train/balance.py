"""BALANCE: how the tasks' losses become one. While a run of this window trains, its λ are steered live."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from mtlstudio.base.declare import Parameter
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark, tr
from mtlstudio.project import edits
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec, TaskSpec
from mtlstudio.project.weights import rebalanced, shown_weights
from mtlstudio.runs.events import Event, StepsMeasured, TaskStateChanged
from mtlstudio.session.studio import Studio
from mtlstudio.training.balancing import BalancingMethod
from mtlstudio.training.methods import balancing_methods
from mtlstudio.ui.train.method_dialog import MethodDialog
from mtlstudio.ui.train.method_list import grey_lacking
from mtlstudio.ui.train.schedule_dialog import ScheduleDialog, schedule_words
from mtlstudio.ui.train.task_states import StateToggles
from mtlstudio.ui.widgets.common import button, column, label, row
from mtlstudio.ui.widgets.dots import ColourDot
from mtlstudio.ui.widgets.parameter_form import ParameterForm
from mtlstudio.ui.widgets.titles import ElidedLabel, SectionTitle
from mtlstudio.ui.widgets.value_slider import ValueSlider

SEND_MS = 50
_ONE_GESTURE = 1.0
_FREE_MAXIMUM = 10.0
_SAME = 1e-4
_LONGEST = 18
_STATE_STEPS = {"trained": mark("Train {task}"), "muted": mark("Mute {task}"), "frozen": mark("Freeze {task}")}


class _TaskSlider(QWidget):
    """A task's name, whether it is trained, how its λ changes with the epochs, and λ."""

    def __init__(self, task: TaskSpec, normalised: bool) -> None:
        super().__init__()
        top = 1.0 if normalised else _FREE_MAXIMUM
        self.slider = ValueSlider(
            0.0, top, task.loss_weight, scale="linear" if normalised else "log", colour=task.colour,
            name=tr("λ of {task}", task=task.name),
        )  # fmt: skip
        self.slider.setObjectName(f"weight-{task.id}")
        self.schedule = button("", "clock", quiet=True, small=True)
        self.schedule.setObjectName(f"schedule-{task.id}")
        self.states = StateToggles(task)
        name = ElidedLabel(task.name)
        head = row(ColourDot(task.colour), name, self.states, self.schedule, spacing=4)
        head.setStretchFactor(name, 1)
        self.setLayout(column(head, self.slider, spacing=0))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """The states of the task."""
        self.states.menu(event.globalPos())

    def show_schedule(self, task: TaskSpec) -> None:
        """Says how λ changes, where it does."""
        words = schedule_words(task.weight_schedule)
        short = words if len(words) <= _LONGEST else tr("over time")
        self.schedule.setText(short if task.weight_schedule else "")
        told = tr("λ of {task} over the epochs: {words}", task=task.name, words=words)
        self.schedule.setAccessibleName(told)
        self.schedule.setToolTip(told)


class BalanceBox(QWidget):
    """The balancing method and a slider per task."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert studio.document is not None
        self._studio, self._training, self._document = studio, studio.training, studio.document
        self._methods = {method.id: method for method in balancing_methods()}
        self._sliders: dict[str, _TaskSlider] = {}
        self._built: tuple[object, ...] = ()
        self._weights: dict[str, float] = {}
        self._run_weights: dict[str, float] = {}
        self._states: dict[str, str] = {}
        self._waits_for_step = False
        self._last_gesture = (0.0, "", 0)
        self.method = ParameterForm()
        self.method.setObjectName("balancing")
        self.method.changed.connect(self._edit_method)
        self.normalise = QCheckBox(tr("λ sum to 1"))
        self.normalise.setObjectName("normalise")
        self.normalise.clicked.connect(self._edit_normalise)
        self.hint = label("", "dim", wrap=True)
        self.hint.setObjectName("weights-hint")
        self._tasks = QVBoxLayout()
        self._tasks.setSpacing(4)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        title = SectionTitle(tr("Balance"))
        self.choose = button(tr("Choose…"), quiet=True, small=True)
        self.choose.setObjectName("choose-method")
        self.choose.setToolTip(tr("All methods with what they do, who thought of them, and what they cost here"))
        self.choose.clicked.connect(self._ask_method)
        title.add_widget(self.choose)
        inside.addWidget(title)
        inside.addWidget(self.method)
        inside.addLayout(self._tasks)
        inside.addWidget(self.normalise)
        inside.addWidget(self.hint)
        self._sender = QTimer(self)
        self._sender.setSingleShot(True)
        self._sender.setInterval(SEND_MS)
        self._sender.timeout.connect(self._send)
        self._document.changed.connect(self._follow_document)
        studio.training.state_changed.connect(self.refresh)
        self.refresh()

    # --- showing ----------------------------------------------------------------------------------------------

    @property
    def spec(self) -> ProjectSpec:
        """What is shown: the snapshot of the run in training, else the project."""
        running = self._training.spec if self._training.is_training else None
        return running or self._document.spec

    def weights(self) -> dict[str, float]:
        """λ as the sliders show them."""
        return dict(self._weights)

    def slider(self, task: str) -> ValueSlider:
        """A task's slider."""
        return self._sliders[task].slider

    def refresh(self, *_news: object) -> None:
        """Shows the project, or the run in training."""
        spec, live = self.spec, self._training.is_training
        if not live:
            self._run_weights, self._states, self._waits_for_step = {}, {}, False
        self._build(spec)
        chosen = self._methods.get(spec.training.balancing.method)
        self._show_method(spec, chosen)
        self.method.setEnabled(not live)
        self.choose.setEnabled(not live)
        self.normalise.setChecked(spec.training.normalise_weights)
        self.normalise.setEnabled(not live)
        counts = chosen is None or chosen.uses_weights
        self.normalise.setVisible(counts)
        for task in spec.tasks:
            made = self._sliders[task.id]
            made.show_schedule(task)
            made.states.show_task(task, self._states.get(task.id, task.state), live)
            made.schedule.setVisible(counts)
            made.schedule.setEnabled(not live)
            made.slider.setEnabled(counts and (live or not task.weight_schedule))
        self.hint.setText(self._hint(counts, live))
        if not self._is_held():
            self._show_weights(self._run_weights or shown_weights(spec))

    def take(self, events: list[Event]) -> None:
        """The run in training has news: its λ are shown while the user does not hold them."""
        if not self._training.is_training:
            return
        changed = {event.task: event.after for event in events if isinstance(event, TaskStateChanged)}
        if changed:
            self._states |= changed
            self._show_states()
        newest = next((event for event in reversed(events) if isinstance(event, StepsMeasured)), None)
        if newest is not None:
            self._run_weights = dict(newest.lambdas or newest.weights)
            if all(abs(self._run_weights.get(task, 0.0) - weight) < _SAME for task, weight in self._weights.items()):
                self._waits_for_step = False
        chosen = self._methods.get(self.spec.training.balancing.method)
        if self._run_weights and (chosen is None or chosen.uses_weights) and not self._is_held():
            self._show_weights(self._run_weights)

    def _build(self, spec: ProjectSpec) -> None:
        wanted = (spec.training.normalise_weights, tuple((task.id, task.name, task.colour) for task in spec.tasks))
        if wanted == self._built:
            return
        self._built = wanted
        for slider in self._sliders.values():
            self._tasks.removeWidget(slider)
            slider.hide()
            slider.deleteLater()
        self._sliders = {task.id: _TaskSlider(task, spec.training.normalise_weights) for task in spec.tasks}
        for task, made in self._sliders.items():
            self._tasks.addWidget(made)
            made.slider.changed.connect(partial(self._moved, task))
            made.slider.released.connect(partial(self._released, task))
            made.schedule.clicked.connect(partial(self._ask_schedule, task))
            made.states.chosen.connect(partial(self._set_state, task))
            made.states.patience_chosen.connect(partial(self._set_patience, task))

    def _show_method(self, spec: ProjectSpec, chosen: BalancingMethod | None) -> None:
        choices = FrozenDict({method.id: method.name for method in self._methods.values()})
        choice = Parameter("method", "choice", "fixed", tr("Method"), chosen.summary if chosen else "", choices=choices)
        own = chosen.parameters if chosen is not None else ()
        balancing = spec.training.balancing
        self.method.set_parameters((choice, *own), {"method": balancing.method, **balancing.parameters})
        grey_lacking(self.method.editor("method").field(), tuple(self._methods.values()))

    def _show_weights(self, weights: Mapping[str, float]) -> None:
        self._weights = {task: weights.get(task, 0.0) for task in self._sliders}
        for task, made in self._sliders.items():
            if not made.slider.is_dragging():
                made.slider.set_value(self._weights[task])

    def _hint(self, counts: bool, live: bool) -> str:
        if not counts:
            return tr("This method finds the weights itself; λ does not count.")
        return tr("Live: taken up at the next step.") if live else tr("For the next run.")

    def _is_held(self) -> bool:
        """The user holds a slider, or the run has not taken up yet what was set."""
        return self._waits_for_step or any(made.slider.is_dragging() for made in self._sliders.values())

    def _show_states(self) -> None:
        for task in self.spec.tasks:
            self._sliders[task.id].states.show_task(task, self._states.get(task.id, task.state), live=True)

    # --- steering ---------------------------------------------------------------------------------------------

    def _moved(self, task: str, value: float) -> None:
        self._weights = rebalanced(self._weights, task, value, self.spec.training.normalise_weights)
        for other, made in self._sliders.items():
            if other != task:
                made.slider.set_value(self._weights[other])
        if self._training.is_training:
            self._waits_for_step = True
            if not self._sender.isActive():
                self._sender.start()

    def _released(self, task: str, _value: float) -> None:
        weights = {name: value for name, value in self._weights.items() if name in self._document.spec.task_ids}
        names = {item.id: item.name for item in self.spec.tasks}
        self._send()
        self._document.apply(
            tr("Weigh {task}", task=names[task]),
            lambda spec: edits.set_loss_weights(spec, weights),
            self._gesture(task),
        )

    def _set_state(self, task: str, state: str) -> None:
        """Trains, mutes or freezes a task: in the run under way at its next step, and in the project."""
        names = {item.id: item.name for item in self.spec.tasks}
        self._steer_states({task: state})
        if task in self._document.spec.task_ids:
            words = tr(_STATE_STEPS[state], task=names[task])
            self._document.apply(words, lambda spec: edits.set_task(spec, task, state=state))

    def _steer_states(self, states: Mapping[str, str]) -> None:
        if self._training.is_training:
            self._states |= states
            self._training.set_states(states)
            self._show_states()

    def _set_patience(self, task: str, epochs: int | None) -> None:
        self._document.apply(tr("Early stopping of a task"), lambda spec: edits.set_task(spec, task, patience=epochs))

    def _gesture(self, task: str) -> str:
        """Key presses in a row are one undo step, two drags are two."""
        moment, before, number = self._last_gesture
        now = time.monotonic()
        number += not (before == task and now - moment < _ONE_GESTURE)
        self._last_gesture = (now, task, number)
        return f"weights {number}"

    def _send(self) -> None:
        self._sender.stop()
        if self._training.is_training and self._waits_for_step:
            self._training.set_weights(self._weights)

    def _follow_document(self, before: ProjectSpec, after: ProjectSpec) -> None:
        """Undo, redo and any other edit of λ steer the run as well: what the project says is what it does."""
        if before.tasks == after.tasks and before.training == after.training:
            return
        was = {task.id: task.state for task in before.tasks}
        restated = {task.id: task.state for task in after.tasks if was.get(task.id, task.state) != task.state}
        self._steer_states({task: state for task, state in restated.items() if self._states.get(task) != state})
        old, new = (shown_weights(spec) for spec in (before, after))
        if self._training.is_training and old != new:
            wanted = {task: weight for task, weight in new.items() if task in self._sliders}
            if any(abs(weight - self._weights.get(task, 0.0)) > 1e-9 for task, weight in wanted.items()):
                self._waits_for_step = True
                self._show_weights({**self._weights, **wanted})
                self._training.set_weights(self._weights)
        self.refresh()

    # --- editing ----------------------------------------------------------------------------------------------

    def _edit_method(self, name: str, value: object) -> None:
        balancing = self._document.spec.training.balancing
        if name == "method":
            made = MethodSpec(str(value))
        else:
            made = MethodSpec(balancing.method, balancing.parameters.with_(**{name: value}))
        self._document.apply(
            tr("Choose how to balance"),
            lambda spec: edits.set_training(spec, balancing=made),
            f"training.balancing.{name}",
        )

    def _ask_method(self) -> None:
        dialog = MethodDialog(self._studio, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._take_method(dialog.chosen))
        dialog.open()

    def _take_method(self, method: str) -> None:
        if method != self._document.spec.training.balancing.method:  # else its parameters would be lost
            self._edit_method("method", method)

    def _ask_schedule(self, task_id: str) -> None:
        spec = self._document.spec
        task = spec.task(task_id)
        dialog = ScheduleDialog(task, spec.training.epochs, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(
            lambda: self._document.apply(
                tr("λ of {task} over the epochs", task=task.name),
                lambda spec: edits.set_task(spec, task_id, weight_schedule=dialog.points()),
            )
        )
        dialog.open()

    def _edit_normalise(self, normalise: bool) -> None:
        weights = shown_weights(self._document.spec)

        def edit(spec: ProjectSpec) -> ProjectSpec:
            return edits.set_training(edits.set_loss_weights(spec, weights), normalise_weights=normalise)

        self._document.apply(tr("λ sum to 1") if normalise else tr("λ are free"), edit)

"""STRATEGY: the stages of the next run, from a ready-made plan or one's own; while a run trains, those it has."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QShowEvent, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from mtlstudio.base.declare import Parameter
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import tr
from mtlstudio.project import edits
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.session.studio import Studio
from mtlstudio.training.strategies import known_tasks, recognised, strategies, with_strategy
from mtlstudio.ui.train.stage_editor import StageRow
from mtlstudio.ui.train.stage_words import epochs_of, epochs_words
from mtlstudio.ui.widgets.common import button, label, row
from mtlstudio.ui.widgets.parameter_editors import Editor, editor_for
from mtlstudio.ui.widgets.titles import SectionTitle

_OWN = ""


class StrategyBox(QWidget):
    """A choice of plan, and its stages: read, edited, moved, added, removed, each an undo step."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert studio.document is not None
        self._training, self._document = studio.training, studio.document
        self.rows: list[StageRow] = []
        self._open = -1
        self._last = "joint"
        self._current = 0
        self._stale = False
        self.choice: Editor | None = None
        self._chosen = QVBoxLayout()
        self.summary = label("", "dim", wrap=True)
        self._list = QVBoxLayout()
        self._list.setSpacing(5)
        self.more = button(tr("Add a stage"), "plus", quiet=True, small=True)
        self.more.setObjectName("stage-add")
        self.more.clicked.connect(self._add)
        self.reset = button(tr("Reset"), "reset", quiet=True, small=True)
        self.reset.setObjectName("stage-reset")
        self.reset.clicked.connect(lambda: self._choose(self._last))
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        inside.addWidget(SectionTitle(tr("Strategy")))
        inside.addLayout(self._chosen)
        inside.addWidget(self.summary)
        inside.addLayout(self._list)
        inside.addLayout(row(self.more, 1, self.reset, spacing=4))
        self._document.changed.connect(self._follow)
        studio.training.state_changed.connect(self.refresh)
        self.refresh()

    # --- showing ----------------------------------------------------------------------------------------------

    def refresh(self, *_news: object) -> None:
        """Shows the project's stages, or those of the run in training."""
        self._stale = False
        live = self._training.is_training
        spec = (self._training.spec if live else None) or self._document.spec
        found = recognised(spec, known_tasks(spec, self._document.folder))
        self._last = found or self._last
        self._show_choice(spec, found, live)
        self._show_rows(spec, live)
        self.more.setVisible(not live)
        self.reset.setVisible(not live and not found)
        self.reset.setToolTip(tr("Back to “{strategy}”", strategy=self._names().get(self._last, self._last)))

    def show_stage(self, number: int) -> None:
        """The run that is shown is in that stage (from 1; 0: in none)."""
        if number != self._current:
            self._current = number
            self.refresh()

    def _names(self) -> dict[str, str]:
        return {item.id: tr(item.name) for item in strategies()}

    def _show_choice(self, spec: ProjectSpec, found: str, live: bool) -> None:
        names = self._names() | ({} if found else {_OWN: tr("My own plan")})
        parameter = Parameter("strategy", "choice", "joint", tr("Strategy"), choices=FrozenDict(names))
        if self.choice is None or self.choice.parameter != parameter:
            self._make_choice(parameter)
        assert self.choice is not None
        self.choice.set_value(found)
        self.choice.setEnabled(not live)
        chosen = next((item for item in strategies() if item.id == found), None)
        _grey(self.choice.field(), spec)
        if spec.training.strategy:
            self.summary.setText(tr(chosen.summary) if chosen is not None else "")
        else:
            self.summary.setText(tr("All tasks in every step, {epochs}.", epochs=epochs_words(spec.training.epochs)))
        self.summary.setToolTip(chosen.source if chosen is not None else "")
        self.summary.setVisible(bool(self.summary.text()))

    def _make_choice(self, parameter: Parameter) -> None:
        if self.choice is not None:
            self._chosen.removeWidget(self.choice)
            self.choice.hide()
            self.choice.deleteLater()
        self.choice = editor_for(parameter)
        self.choice.field().setObjectName("strategy")
        self.choice.field().setAccessibleName(tr("Strategy"))
        self.choice.edited.connect(self._choose)
        self._chosen.addWidget(self.choice)

    def _show_rows(self, spec: ProjectSpec, live: bool) -> None:
        stages = spec.training.strategy
        while len(self.rows) > len(stages):
            gone = self.rows.pop()
            self._list.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self.rows) < len(stages):
            self._make_row(len(self.rows))
        if live or self._open >= len(stages):
            self._open = -1
        for place, (made, stage, epochs) in enumerate(zip(self.rows, stages, epochs_of(spec), strict=False)):
            made.show_stage(spec, stage, epochs, not live, live and self._current == place + 1)
            made.set_open(place == self._open)

    def _make_row(self, place: int) -> None:
        made = StageRow(place)
        made.opened.connect(partial(self._unfold, place))
        made.changed.connect(partial(self._edit, place))
        made.moved.connect(partial(self._move, place))
        made.removed.connect(partial(self._remove, place))
        self.rows.append(made)
        self._list.addWidget(made)

    def _unfold(self, place: int) -> None:
        if self._training.is_training:
            return
        self._open = -1 if self._open == place else place
        for number, made in enumerate(self.rows):
            made.set_open(number == self._open)

    def _follow(self, before: ProjectSpec, after: ProjectSpec) -> None:
        if (before.training, before.tasks, before.network) == (after.training, after.tasks, after.network):
            return
        if self.isVisible():
            self.refresh()
        else:
            self._stale = True

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Shows what was edited in other rooms."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    # --- editing ----------------------------------------------------------------------------------------------

    def _choose(self, strategy_id: object) -> None:
        if strategy_id == _OWN:
            return
        self._open = -1
        folder = self._document.folder
        self._document.apply(tr("Choose the strategy"), lambda spec: with_strategy(spec, str(strategy_id), folder))
        self.refresh()  # where it was refused the choice goes back

    def _add(self) -> None:
        def edit(spec: ProjectSpec) -> ProjectSpec:
            if not spec.training.strategy:  # the joint training there was becomes the first stage
                spec = edits.add_stage(spec, StageSpec(tr("Joint")))
            return edits.add_stage(spec, StageSpec(tr("New stage")))

        self._open = max(len(self._document.spec.training.strategy), 1)
        self._document.apply(tr("Add a stage"), edit)

    def _edit(self, place: int, name: str, value: object) -> None:
        self._document.apply(
            tr("Change a stage"), lambda spec: edits.set_stage(spec, place, **{name: value}), f"stage.{place}.{name}"
        )

    def _move(self, place: int, by: int) -> None:
        self._open = place + by
        self._document.apply(tr("Move a stage"), lambda spec: edits.move_stage(spec, place, place + by))

    def _remove(self, place: int) -> None:
        self._open = -1
        self._document.apply(tr("Remove a stage"), lambda spec: edits.remove_stage(spec, place))


def _grey(combo: QWidget, spec: ProjectSpec) -> None:
    """Greys the strategies that do not suit the project; their tool tips say why."""
    model = combo.model() if isinstance(combo, QComboBox) else None
    if not isinstance(model, QStandardItemModel):
        return
    for place, item in enumerate(strategies()):
        why = item.lacks(spec)
        model.item(place).setEnabled(not why)
        model.item(place).setToolTip(why or tr(item.summary))

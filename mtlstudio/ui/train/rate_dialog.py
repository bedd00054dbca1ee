"""Finds a learning rate: a short training whose rate rises, its curve live, the proposal marked."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.session.jobs import Token
from mtlstudio.session.studio import Studio
from mtlstudio.session.trials import Trial
from mtlstudio.training.control import Control
from mtlstudio.training.rate_finder import RateFound, RateTried
from mtlstudio.ui.train.rate_plot import RatePlot
from mtlstudio.ui.widgets.common import button, dialog_buttons, label, row
from mtlstudio.ui.widgets.feedback import Spinner
from mtlstudio.ui.widgets.number_edit import number_text
from mtlstudio.ui.widgets.sizes import resize_on_screen
from mtlstudio.ui.widgets.titles import ElidedLabel


class RateDialog(QDialog):
    """The learning-rate finder. When it was accepted, `chosen` is the rate to take.

    Args:
        studio: with the project open.
        current: the project's rate.
    """

    def __init__(self, studio: Studio, current: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert studio.document is not None
        self.setObjectName("rate-dialog")
        self.setWindowTitle(tr("Find a learning rate"))
        self._studio, self._document, self._current = studio, studio.document, current
        self._control = Control()
        self._found: RateFound | None = None
        self._failure = ""
        self.chosen: float | None = None
        spec = studio.document.spec
        self.plot = RatePlot({task.id: task.colour for task in spec.tasks})
        self.plot.picked.connect(self._pick)
        self._lay_out()
        studio.trials.arrived.connect(self._take)
        studio.trials.ended.connect(self._ended)
        self._start()

    def done(self, code: int) -> None:
        """Ends the search with the dialog."""
        self._control.stop()
        self._studio.trials.cancel()
        super().done(code)

    def _lay_out(self) -> None:
        words = tr(
            "One short training with your network, data and method; its learning rate rises from step to step until the"
            " losses fall apart. Nothing of it is kept. Click into the curve to take another rate."
        )
        self.spinner, self.state = Spinner(), ElidedLabel(role="dim")
        self.state.setObjectName("rate-state")
        self.again = button(tr("Again"), "refresh", small=True)
        self.again.setObjectName("rate-again")
        self.again.clicked.connect(self._start)
        self.stop = button(tr("Stop"), "stop", small=True)
        self.stop.setObjectName("rate-stop")
        self.stop.clicked.connect(lambda: self._control.stop())
        self.use = button("", accent=True)
        self.use.setObjectName("rate-use")
        self.use.setDefault(True)
        self.use.clicked.connect(self.accept)
        self.cautious = button("")
        self.cautious.setObjectName("rate-cautious")
        self.cautious.clicked.connect(self._take_cautious)
        self.buttons = dialog_buttons(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.addButton(self.cautious, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.addButton(self.use, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.rejected.connect(self.reject)
        below = row(self.again, self.stop, self.spinner, self.state)
        below.setStretchFactor(self.state, 1)
        page = QVBoxLayout(self)
        page.setSpacing(10)
        page.addWidget(label(words, "dim", wrap=True))
        page.addWidget(self.plot, 1)
        page.addLayout(below)
        page.addWidget(self.buttons)
        resize_on_screen(self, 720, 480)

    def _start(self) -> None:
        spec, folder = self._document.spec, self._document.folder
        self._control.stop()
        control = self._control = Control()
        self._found, self._failure, self.chosen = None, "", None
        self.plot.clear()

        def trial(token: Token) -> Trial:
            from mtlstudio.training.rate_finder import find_rate

            found = yield from find_rate(spec, folder, control)
            yield found

        try:
            self._studio.trials.start(trial)
        except StudioError as error:
            self._failure = error.text()
        self._show()

    def _take(self, found: object) -> None:
        if isinstance(found, RateTried):
            self.plot.add(found)
            self.state.set_text(
                tr("Rate {rate} · step {step} of {all}", rate=f"{found.rate:.2g}", step=found.step, all=found.of)
            )
        elif isinstance(found, RateFound):
            self._found, self.chosen = found, rounded(found.rate)

    def _ended(self, why: str) -> None:
        self._control.stop()  # what ended it may have been a training that begins
        self._failure = why
        self._show()

    def _pick(self, rate: float) -> None:
        if self._found is not None:
            self.chosen = rounded(rate)
            self._show()

    def _take_cautious(self) -> None:
        self.chosen = rounded(self._found.steepest if self._found is not None else None)
        self.accept()

    def _show(self) -> None:
        busy, found = self._studio.trials.busy, self._found
        self.spinner.setVisible(busy)
        self.spinner.start() if busy else self.spinner.stop()
        self.stop.setVisible(busy)
        self.again.setVisible(not busy)
        self.use.setEnabled(self.chosen is not None)
        self.use.setText(tr("Use {rate}", rate=number_text(self.chosen)) if self.chosen is not None else tr("Use"))
        cautious = rounded(found.steepest) if found is not None else None
        self.cautious.setVisible(cautious is not None)
        self.cautious.setText(tr("Use {rate}, cautious", rate=number_text(cautious)) if cautious is not None else "")
        self._show_marks()
        if not busy:
            self.state.set_text(self._words())

    def _show_marks(self) -> None:
        marks = [(self._current, tr("now {rate}", rate=number_text(self._current)), "dim")]
        steepest = self._found.steepest if self._found is not None else None
        if steepest is not None:
            marks.append((steepest, tr("steepest"), "accent"))
        if self.chosen is not None:
            proposed = self._found is not None and self.chosen == rounded(self._found.rate)
            rate = number_text(self.chosen)
            words = tr("proposed {rate}", rate=rate) if proposed else tr("chosen {rate}", rate=rate)
            marks.append((self.chosen, words, "good"))
        self.plot.set_marks(marks)

    def _words(self) -> str:
        found = self._found
        if self._failure:
            return self._failure
        if found is None:
            return tr("Stopped.")
        if found.rate is None:
            return tr("The losses never fell: nothing can be proposed.")
        return tr("Proposed: a tenth of the highest rate at which the losses are still about their least.")


def rounded(rate: float | None) -> float | None:
    """Two figures: more would pretend a precision that is not there."""
    return float(f"{rate:.2g}") if rate is not None else None

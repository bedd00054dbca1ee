"""Inspect: what a trained network says of pictures, over the pictures, beside the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import ntr, tr
from mtlstudio.runs.events import CheckpointWritten
from mtlstudio.runs.folder import RunFolder, runs_of
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.session.prediction import Predicted
from mtlstudio.session.studio import Studio
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import Prediction
from mtlstudio.tasks.registry import bind_all, task_type
from mtlstudio.ui.inspect.entries import SUFFIXES, Entry, Looked, look, of_item, of_paths
from mtlstudio.ui.inspect.panes import Panes
from mtlstudio.ui.inspect.readout import Readout
from mtlstudio.ui.inspect.sidebar import Sidebar
from mtlstudio.ui.inspect.strip import FILES, Strip
from mtlstudio.ui.shell.actions import Actions
from mtlstudio.ui.shell.workspace import Workspace
from mtlstudio.ui.widgets.feedback import EmptyState

NUMBERS = {getattr(Qt.Key, f"Key_{number}"): number for number in range(1, 10)}
STEP = 0.1


class InspectWorkspace(Workspace):
    """Pictures with predictions; works without a network too, and then shows the truth alone."""

    def __init__(self, studio: Studio, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(studio, actions, parent)
        assert studio.document is not None
        self._document = studio.document
        self._jobs = Jobs(1, self)
        self._opened: list[Entry] = []
        self._split = ""
        self._looked: Looked | None = None
        self._predicted: Predicted | None = None
        self._shown: dict[str, bool] = {}
        self._tasks: dict[str, BoundTask] = {}
        self._waiting = False
        self.sidebar, self.panes, self.readout = Sidebar(), Panes(), Readout()
        self.strip = Strip(studio.data.pictures)
        self.empty = EmptyState(
            "inspect", tr("Open pictures, or drop them here."), tr("Open images…"),
            detail=tr("The pictures of the project's data stand below once they are read."),
        )  # fmt: skip
        self._lay_out()
        self._connect()

    # --- what the window asks ---------------------------------------------------------------------------------

    def handlers(self) -> dict[str, object]:
        """The actions of pictures."""
        return {
            "inspect.open": self._ask_for_images,
            "inspect.next": lambda: self.strip.step(1),
            "inspect.previous": lambda: self.strip.step(-1),
            "inspect.fit": self.panes.fit,
            "inspect.actual": self.panes.actual_size,
            "inspect.more_opaque": lambda: self._change_opacity(STEP),
            "inspect.less_opaque": lambda: self._change_opacity(-STEP),
            "inspect.export": self._export,
        }

    def entered(self) -> None:
        """Loads the newest network and the data's pictures, where that was not done yet."""
        runs = [run for run in reversed(runs_of(self._document.folder)) if run.checkpoints()]
        prediction = self.studio.prediction
        if runs and prediction.run is None:
            self._waiting = True
            prediction.load(runs[0])
        self.sidebar.set_runs(runs, prediction.run)
        if not self._tasks:
            self._use_tasks()
        if not self._split and self.studio.data.data is not None:
            self._show_data()

    def status(self) -> list[str]:
        """Network, picture, zoom."""
        texts = []
        predictor, run = self.studio.prediction.predictor, self.studio.prediction.run
        if predictor is not None and run is not None:
            texts.append(tr("run {run} · epoch {epoch}", run=run.info().name, epoch=predictor.epoch))
        else:
            texts.append(tr("No trained network yet: train one (F5)"))
        if self._looked is not None:
            height, width = self._looked.image.shape[:2]
            texts.append(f"{self._looked.entry.title} · {width} × {height}")
            texts.append(tr("zoom {percent:.0f} %", percent=100 * self.panes.main.view().scale))
        return texts

    def settled(self) -> bool:
        """Nothing is being read or predicted."""
        return not self._jobs.busy and not self._waiting

    def default_sizes(self) -> list[int]:
        """A side panel and the pictures."""
        return [240, 1200]

    def open_images(self, paths: Sequence[Path]) -> None:
        """Shows files, or the pictures of folders."""
        entries = of_paths(paths, self.studio.data.data)
        if not entries:
            self.studio.say(tr("There are no pictures in {path}", path=paths[0]), "warning")
            return
        self._opened = entries + [entry for entry in self._opened if entry.key not in {new.key for new in entries}]
        self._choose_split(FILES)

    @property
    def predictions(self) -> dict[str, Prediction]:
        """What the network says of the picture shown; {} before it has said anything."""
        current = self._looked.entry.key if self._looked is not None else None
        return self._predicted.predictions if self._predicted is not None and self._predicted.key == current else {}

    # --- building ---------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(12, 12, 12, 10)
        column.setSpacing(10)
        column.addWidget(self.empty, 1)
        column.addWidget(self.panes, 1)
        column.addWidget(self.readout)
        column.addWidget(self.strip)
        self.splitter.addWidget(self.sidebar)
        self.splitter.addWidget(middle)
        self.splitter.setStretchFactor(1, 1)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(self.splitter)
        self.panes.hide()
        self.readout.hide()
        self.panes.set_opacity(self.sidebar.opacity.value())
        self.setAcceptDrops(False)  # the window takes drops

    def _connect(self) -> None:
        studio = self.studio
        self.empty.triggered.connect(self._ask_for_images)
        self.strip.chosen.connect(self._look_at)
        self.strip.split_chosen.connect(self._choose_split)
        self.sidebar.run_chosen.connect(self._choose_run)
        self.sidebar.task_toggled.connect(self._toggle_task)
        self.sidebar.opacity_changed.connect(self.panes.set_opacity)
        self.panes.hovered.connect(self._hover)
        self.panes.main.view_changed.connect(lambda _view: self.status_changed.emit(self.status()))
        studio.data.opened.connect(self._data_opened)
        studio.prediction.loaded.connect(self._network_loaded)
        studio.prediction.predicted.connect(self._show_predicted)
        studio.prediction.failed.connect(self._stop_waiting)
        studio.training.events.connect(self._notice)
        for view in self.panes.views.values():
            view.installEventFilter(self)

    # --- pictures ---------------------------------------------------------------------------------------------

    def _show_data(self) -> None:
        data = self.studio.data.data
        if data is not None and self._split != FILES:
            split = next((split for split in ("test", "val", "train") if data.items(split)), "")
            self._choose_split(self._split or split)

    def _data_opened(self, data: object) -> None:
        if data is not None and self.isVisible():
            self._show_data()

    def _choose_split(self, split: str) -> None:
        data = self.studio.data.data
        counts = {name: len(data.items(name)) if data is not None else 0 for name in ("train", "val", "test")}
        counts[FILES] = len(self._opened)
        self._split = split
        self.strip.set_splits(counts, split)
        entries = self._opened if split == FILES else []
        if split in ("train", "val", "test") and data is not None:
            entries = [of_item(data, item) for item in data.items(split)]
        self.strip.set_entries(entries, self._data_tasks())
        if entries:
            self.strip.go(entries[0].key)

    def _look_at(self, entry: Entry) -> None:
        tasks, settings = self._data_tasks(), self._document.spec.data

        def work(token: Token) -> Looked:
            return look(entry, tasks, settings.image_size, settings.resize)

        self._jobs.submit(work, self._show_looked, self._failed, key="look")

    def _show_looked(self, looked: Looked) -> None:
        self._looked = looked
        self.empty.hide()
        self.panes.show()
        self.readout.show()
        self.panes.set_picture(looked.image)
        known = {task: truth for task, truth in looked.truths.items() if task in self._tasks}
        self.panes.set_truths(known, self._tasks)
        self.panes.set_scores("")
        self.sidebar.show_predictions({}, known)
        self._hover(-1, -1)
        self._predict()
        self.status_changed.emit(self.status())

    def _failed(self, error: StudioError) -> None:
        self.studio.say(error.text(), "bad")

    # --- predictions ------------------------------------------------------------------------------------------

    def _predict(self) -> None:
        looked = self._looked
        if looked is not None and self.studio.prediction.predictor is not None:
            self._waiting = True
            self.studio.prediction.request(looked.entry.key, lambda: looked.image, looked.entry.inputs)

    def _show_predicted(self, predicted: Predicted) -> None:
        looked = self._looked
        self._waiting = False
        if looked is None or predicted.key != looked.entry.key:
            return
        self._predicted = predicted
        truths = {task: truth for task, truth in looked.truths.items() if task in self._tasks}
        self.panes.set_predictions(predicted.predictions, truths, self._tasks)
        self.sidebar.show_predictions(predicted.predictions, truths)
        self.readout.set_right(tr("{milliseconds:.1f} ms", milliseconds=predicted.milliseconds))
        self.panes.set_scores(self._scores(predicted.predictions, truths))
        self._hover(-1, -1)

    def _scores(self, predictions: dict[str, Prediction], truths: dict[str, Prediction]) -> str:
        """How well the maps fit the truth of this picture."""
        parts = []
        for task_id, task in self._tasks.items():
            if task.type.kind == "map" and task_id in predictions and task_id in truths:
                score = task.score(predictions[task_id], truths[task_id])
                if score == score:
                    parts.append(f"{task.spec.name} {score:.2f}")
        return " · ".join(parts)

    def _network_loaded(self, predictor: object) -> None:
        self._stop_waiting()
        self._use_tasks()
        if predictor is not None:
            runs = [run for run in reversed(runs_of(self._document.folder)) if run.checkpoints()]
            self.sidebar.set_runs(runs, self.studio.prediction.run)
            self.sidebar.set_which(self.studio.prediction.which, getattr(predictor, "epoch", 0))
            if self._looked is not None:
                self._show_looked(self._looked)
        self.status_changed.emit(self.status())

    def _choose_run(self, run: RunFolder, which: str) -> None:
        self._waiting = True
        self.studio.prediction.load(run, which)

    def _notice(self, events: list[object]) -> None:
        """A running training has written its first checkpoint: it can be looked at from now on."""
        run = self.studio.training.run
        written = any(isinstance(event, CheckpointWritten) for event in events)
        if written and run is not None and self.isVisible() and self.studio.prediction.run is None:
            self.studio.prediction.load(run, "last")

    def _stop_waiting(self, _reason: str = "") -> None:
        self._waiting = False

    # --- tasks ------------------------------------------------------------------------------------------------

    def _data_tasks(self) -> dict[str, BoundTask]:
        """The tasks of the project as it is: what the truth is read with."""
        return bind_all(self._document.spec)

    def _use_tasks(self) -> None:
        """The tasks of the network in use; without one those of the project. One map is shown at first."""
        predictor = self.studio.prediction.predictor
        self._tasks = dict(predictor.tasks) if predictor is not None else self._data_tasks()
        maps = [task_id for task_id, task in self._tasks.items() if task_type(task.spec.type).kind == "map"]
        for task_id in self._tasks:
            self._shown.setdefault(task_id, task_id not in maps[1:])
        for task_id, shown in self._shown.items():
            self.panes.set_task_visible(task_id, shown)
        self.sidebar.set_tasks(self._tasks, self._shown)
        self.readout.set_tasks(self._tasks)

    def _toggle_task(self, task_id: str, shown: bool) -> None:
        self._shown[task_id] = shown
        self.panes.set_task_visible(task_id, shown)

    def _change_opacity(self, by: float) -> None:
        value = min(1.0, max(0.0, self.sidebar.opacity.value() + by))
        self.sidebar.opacity.set_value(value)
        self.panes.set_opacity(value)

    def _hover(self, x: int, y: int) -> None:
        looked = self._looked
        if looked is None:
            return
        height, width = looked.image.shape[:2]
        inside = 0 <= x < width and 0 <= y < height
        colour = QColor(*(int(value) for value in looked.image[y, x])) if inside else QColor()
        truths = {task: truth for task, truth in looked.truths.items() if task in self._tasks}
        self.readout.show_pixel(
            x if inside else -1, y if inside else -1, colour, self.predictions, truths, self._tasks
        )  # fmt: skip
        for view in self.panes.views.values():
            view.set_cursor_mark((x + 0.5, y + 0.5) if inside else None)

    # --- keys, files ------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """1 … 9 toggle the tasks' layers; ` held shows the bare picture."""
        if not self._take_key(event, True):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """` let go."""
        if not self._take_key(event, False):
            super().keyReleaseEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """The same keys over a picture."""
        if isinstance(event, QKeyEvent) and event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            return self._take_key(event, event.type() == QEvent.Type.KeyPress)
        return super().eventFilter(watched, event)

    def _take_key(self, event: QKeyEvent, pressed: bool) -> bool:
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if not plain or isinstance(QApplication.focusWidget(), QLineEdit):
            return False
        if event.key() == Qt.Key.Key_QuoteLeft and not event.isAutoRepeat():
            self.panes.set_bare(pressed)
            return True
        if pressed and event.key() in NUMBERS and not event.isAutoRepeat():
            self.sidebar.toggle(NUMBERS[event.key()])
            return True
        return False

    def _ask_for_images(self) -> None:
        self.actions_.trigger("view.inspect")
        folder = self.studio.settings.folders.get("images", "")
        patterns = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        files, _kind = QFileDialog.getOpenFileNames(self, tr("Open images"), folder, f"{tr('Images')} ({patterns})")
        if files:
            self.studio.settings.folders["images"] = str(Path(files[0]).parent)
            self.open_images([Path(file) for file in files])

    def _export(self) -> None:
        run = self.studio.prediction.run
        if run is None:
            self.studio.say(tr("There is no trained network to predict with yet."), "warning")
            return
        files = [Path(entry.key.removeprefix("file:")) for entry in self._opened]
        if not files:
            self.studio.say(tr("Open the pictures to predict first; those of the data have their truth."), "warning")
            return
        folder = QFileDialog.getExistingDirectory(self, tr("Where the predictions go"))
        if folder:
            self._write_predictions(run, files, Path(folder))

    def _write_predictions(self, run: RunFolder, files: Sequence[Path], out: Path) -> None:
        def work(token: Token) -> tuple[int, list[str]]:
            from mtlstudio.inspection.export import export_predictions

            result = export_predictions(run, list(files), out)
            return result.done, list(result.failures)

        def done(result: tuple[int, list[str]]) -> None:
            for failure in result[1]:
                self.studio.say(failure, "bad")
            self.studio.say(
                ntr("{n} picture predicted, in {out}", "{n} pictures predicted, in {out}", result[0], out=out), "good"
            )

        report: Callable[[tuple[int, list[str]]], None] = done
        self._jobs.submit(work, report, self._failed)

"""What it sees: the run's preview pictures, read and composed in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QComboBox, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder
from mtlstudio.session.data import DataSession
from mtlstudio.session.jobs import Token
from mtlstudio.ui.theme import depth_table, font, scaled
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.strip import EpochStrip
from mtlstudio.ui.widgets.common import column, label, row
from mtlstudio.ui.widgets.panel import Panel
from mtlstudio.ui.widgets.qimages import rgb_image

if TYPE_CHECKING:
    from mtlstudio.data.project import ProjectData

_OPACITY = 0.55
_KEPT = 400


class Sights(Panel):
    """The preview pictures of one sample and task through the epochs; hidden while there are none."""

    def __init__(self, data: DataSession, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setObjectName("sights")
        self._data = data
        self._run: RunFolder | None = None
        self._spec: ProjectSpec | None = None
        self._files: dict[tuple[int, str, str], str] = {}
        self._bases: dict[str, QImage | None] = {}
        self._overlays: dict[str, QImage | str | None] = {}
        self._composed: dict[tuple[int, str, str], QImage] = {}
        self._asked: set[str] = set()
        self.sample, self.task = self._combo("preview-sample"), self._combo("preview-task")
        self.strip = EpochStrip()
        self.strip.set_source(self.picture, self.words)
        self._hint = label(tr("drag through the epochs"), "dim", wrap=True)
        choice = column(label(tr("What it sees"), "title"), self._hint, self.task, self.sample, 1, spacing=3)
        left = QWidget()
        left.setLayout(choice)
        left.setFixedWidth(scaled(140))
        self.add(row(left, self.strip, spacing=14))
        around = self.layout()
        assert around is not None
        around.setContentsMargins(12, 10, 12, 8)
        data.opened.connect(self._data_opened)
        self.hide()

    def set_run(self, run: RunFolder | None, series: RunSeries | None) -> None:
        """Shows another run."""
        self._run = run
        self._spec = series.spec if series is not None else None
        self._files, self._bases, self._overlays = {}, {}, {}
        self._composed, self._asked = {}, set()
        self.refresh(series)

    def refresh(self, series: RunSeries | None) -> None:
        """The run may have new pictures."""
        known = len(self._files)
        self._files = {
            (event.epoch, sample, task): path
            for event in (series.previews if series is not None else ())
            for sample, by_task in event.images.items()
            for task, path in by_task.items()
        }
        if len(self._files) != known or not self._files:
            self._fill()
        self.setVisible(bool(self._files))

    def is_idle(self) -> bool:
        """All pictures that can be seen are there."""
        return not self._data.pictures.busy

    def picture(self, epoch: int) -> QImage | None:
        """What the network saw at an epoch, over the picture; None while it is being read."""
        key = (epoch, self.sample.currentData() or "", self.task.currentData() or "")
        if key in self._composed:
            return self._composed[key]
        path = self._files.get(key)
        if path is None or self._run is None:
            return None
        if key[1] not in self._bases:
            self._ask_base(key[1])
            return None
        if path not in self._overlays:
            self._ask_overlay(path)
            return None
        made = _composed(self._bases[key[1]], self._overlays[path])
        if made is not None:
            if len(self._composed) >= _KEPT:
                self._composed.pop(next(iter(self._composed)))
            self._composed[key] = made
        return made

    def words(self, epoch: int) -> str:
        """What the network said at an epoch, where that is words."""
        path = self._files.get((epoch, self.sample.currentData() or "", self.task.currentData() or ""), "")
        said = self._overlays.get(path)
        return said if isinstance(said, str) else ""

    # --- choosing ---------------------------------------------------------------------------------------------

    def _combo(self, name: str) -> QComboBox:
        made = QComboBox()
        made.setObjectName(name)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(6)
        made.activated.connect(self._show_epochs)
        return made

    def _fill(self) -> None:
        samples = list(dict.fromkeys(sample for _epoch, sample, _task in self._files))
        tasks = list(dict.fromkeys(task for _epoch, _sample, task in self._files))
        names = {task.id: task.name for task in self._spec.tasks} if self._spec is not None else {}
        maps = {task for (_epoch, _sample, task), path in self._files.items() if path.endswith(".png")}
        first = next((task for task in tasks if task in maps), tasks[0] if tasks else "")
        _refill(self.sample, [(sample, Path(sample).name) for sample in samples], samples[0] if samples else "")
        _refill(self.task, [(task, names.get(task, task)) for task in tasks], first)
        self._show_epochs()

    def _show_epochs(self) -> None:
        sample, task = self.sample.currentData(), self.task.currentData()
        self.strip.set_epochs(sorted(epoch for epoch, s, t in self._files if s == sample and t == task))

    # --- reading ----------------------------------------------------------------------------------------------

    def _ask_base(self, sample: str) -> None:
        data, spec = self._data.data, self._spec
        if data is None or spec is None or f"base:{sample}" in self._asked:
            return
        self._asked.add(f"base:{sample}")

        def keep(image: QImage | None) -> None:
            if self._spec is spec:
                self._bases[sample] = image
                self.strip.update()

        self._data.pictures.submit(lambda token: _base(data, spec, sample, token), keep, lambda _error: keep(None))

    def _ask_overlay(self, path: str) -> None:
        run = self._run
        if run is None or path in self._asked:
            return
        self._asked.add(path)

        def keep(overlay: QImage | str | None) -> None:
            if self._run is run:
                self._overlays[path] = overlay
                self.strip.update()

        self._data.pictures.submit(lambda token: read_preview(run.path / path), keep, lambda _error: keep(None))

    def _data_opened(self, data: object) -> None:
        if data is not None:
            self._bases = {key: image for key, image in self._bases.items() if image is not None}
            self._asked = {key for key in self._asked if not key.startswith("base:")}
            self._composed.clear()
            self.strip.update()


def read_preview(path: Path) -> QImage | str | None:
    """A preview file: a map to lay over the picture, or words; None where it is gone."""
    try:
        if path.suffix == ".txt":
            return path.read_text("utf-8")
        image = QImage(str(path))
    except OSError:
        return None
    if image.isNull():
        return None
    if image.format() == QImage.Format.Format_Grayscale8:
        image = image.convertToFormat(QImage.Format.Format_Indexed8)
        image.setColorTable([depth_table()[QColor.fromRgb(colour).red()] for colour in image.colorTable()])
    return image


def _base(data: ProjectData, spec: ProjectSpec, sample: str, token: Token) -> QImage | None:
    """The sample's picture as the network sees it."""
    from mtlstudio.data.images import fit_image
    from mtlstudio.tasks.geometry import Fit

    item = next((item for item in data.all_items if item.key == sample), None)
    if item is None:
        return None
    token.check()
    picture = data.read_picture(item, spec.data.image_size)
    fit = Fit(picture.width, picture.height, spec.data.image_size, spec.data.resize)
    return rgb_image(fit_image(picture.image, fit))


def _composed(base: QImage | None, said: QImage | str | None) -> QImage | None:
    """The picture with what the network said over it."""
    if base is None and not isinstance(said, QImage):
        return None
    size = base.size() if base is not None else said.size()  # type: ignore[union-attr]
    side = max(size.width(), scaled(160))
    made = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(0)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if base is not None:
        painter.drawImage(made.rect(), base)
    if isinstance(said, QImage):
        painter.setOpacity(_OPACITY if base is not None else 1.0)
        painter.drawImage(made.rect(), said)
    elif said:
        _write(painter, made, said)
    painter.end()
    return made


def _write(painter: QPainter, image: QImage, words: str) -> None:
    painter.setFont(font(max(12, round(image.height() / 9 / scaled(1) if scaled(1) else 12))))
    metrics = painter.fontMetrics()
    area = image.rect().adjusted(0, image.height() - metrics.height() - 6, 0, 0)
    painter.fillRect(area, QColor(0, 0, 0, 160))
    painter.setPen(QColor("#ffffff"))
    shown = metrics.elidedText(" ".join(words.split()), Qt.TextElideMode.ElideRight, area.width() - 8)
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, shown)


def _refill(combo: QComboBox, items: list[tuple[str, str]], first: str) -> None:
    """New choices; the chosen one stays chosen where it is still there."""
    if [(combo.itemData(place), combo.itemText(place)) for place in range(combo.count())] == items:
        return
    before = combo.currentData()
    combo.clear()
    for key, words in items:
        combo.addItem(words, key)
    combo.setCurrentIndex(max(0, combo.findData(before if before is not None else first)))
    combo.setVisible(len(items) > 1)

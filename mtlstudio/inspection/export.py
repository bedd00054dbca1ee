"""Predictions of pictures as files: masks, overlays, `predictions.json`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import refusal, write_atomic, write_json_atomic
from mtlstudio.base.texts import mark
from mtlstudio.data.images import read_image
from mtlstudio.data.project import ProjectData, open_data
from mtlstudio.inspection.overlay import overlay
from mtlstudio.inspection.predictor import Predictor
from mtlstudio.network.trained import load_network
from mtlstudio.runs.folder import RunFolder
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import Prediction

PREDICTIONS_FILE = "predictions.json"
_PICTURES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"))


@dataclass
class Exported:
    """What was written.

    Attributes:
        done: pictures that were predicted.
        failures: a line for each picture that was not.
        entries: of `predictions.json`, one per predicted picture.
    """

    done: int = 0
    failures: list[str] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)


def export_predictions(
    run: RunFolder, images: Sequence[Path], out: Path, which: str | int = "best", *, device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Exported:  # fmt: skip
    """Predicts pictures and writes what was found into a folder.

    What a network needs beside the picture (a depth map) comes from the project's data, where the file is one of them.

    Per picture and task: `<stem>.<task id>.png` for dense outputs (class index, or depth in steps), `<stem>.<task
    id>.overlay.png` for what can be drawn, and all values in `predictions.json`. Pictures of equal stems get a suffix.

    Args:
        run: whose checkpoint `which` (see `load_network`).
        images: files, or folders of pictures.
        out: the folder; made where it is missing.
        device: auto, cpu, cuda or mps.
        progress: told (pictures done, all pictures).

    Raises:
        StudioError: no checkpoint, or the folder cannot be written; for a network of several inputs also: no data set
            can be opened. (A picture that fails is named, the rest is done.)
    """
    predictor = Predictor(load_network(run, which), device)
    data = open_data(predictor.spec, run.project_folder) if predictor.beside else None
    _make(out)
    result = Exported()
    paths = list(_pictures(images, result))
    stems = _stems(paths, list(predictor.tasks))
    for number, (path, stem) in enumerate(zip(paths, stems, strict=True), 1):
        try:
            image, inputs = _read(path, data)
            result.entries.append(_export_one(predictor, path, image, inputs, stem, out))
            result.done += 1
        except StudioError as error:
            text = error.text()
            result.failures.append(text if str(path) in text else f"{path}: {text}")
        if progress is not None:
            progress(number, len(paths))
    document = {
        "run": run.id, "checkpoint": str(which), "epoch": predictor.epoch,
        "images": result.entries, "failures": result.failures,
    }  # fmt: skip
    write_json_atomic(out / PREDICTIONS_FILE, _finite(document))
    return result


def _read(path: Path, data: ProjectData | None) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """A picture with what goes into the network beside it, where the picture is one of the project's data."""
    item = data.item_of(path) if data is not None else None
    if data is None or item is None:
        return read_image(path), {}
    image = data.read_image(item)
    return image, data.read_inputs(item, image.shape[1], image.shape[0])


def _export_one(
    predictor: Predictor, path: Path, image: NDArray[np.uint8], inputs: dict[str, Any], stem: str, out: Path
) -> dict[str, Any]:
    found = predictor.predict(image, inputs)
    tasks = {
        task: _export_task(predictor.tasks[task], prediction, image, out, f"{stem}.{task}")
        for task, prediction in found.items()
    }
    height, width = image.shape[:2]
    return {"file": str(path), "stem": stem, "width": width, "height": height, "tasks": tasks}


def _export_task(
    task: BoundTask, prediction: Prediction, image: NDArray[np.uint8], out: Path, name: str
) -> dict[str, Any]:
    """Writes the files of one task; returns its values and the files' names."""
    entry: dict[str, Any] = {"type": task.spec.type, **task.columns(prediction)}
    dense = task.dense(prediction)
    if dense is not None:
        values, meaning = dense
        write_atomic(out / f"{name}.png", _png(values))
        entry.update(meaning, png=f"{name}.png")
    painting = task.paint(prediction)
    if painting is not None:
        write_atomic(out / f"{name}.overlay.png", _png(overlay(image, painting)))
        entry["overlay"] = f"{name}.overlay.png"
    return entry


def _png(values: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _pictures(paths: Sequence[Path], result: Exported) -> Iterator[Path]:
    """The files, those of folders in the order of their names; an empty folder is a failure."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(file for file in path.iterdir() if file.suffix.lower() in _PICTURES and file.is_file())
        if not inside:
            result.failures.append(StudioError(mark("there is no picture in this folder"), where=str(path)).text())
        yield from inside


def _stems(paths: Sequence[Path], tasks: Sequence[str]) -> list[str]:
    """A stem per picture, so that no two write a file of one name."""
    taken: set[str] = set()
    stems = []
    for path in paths:
        stem, number = path.stem, 1
        while any(name in taken for name in _names(stem, tasks)):
            number += 1
            stem = f"{path.stem}_{number}"
        taken.update(_names(stem, tasks))
        stems.append(stem)
    return stems


def _names(stem: str, tasks: Sequence[str]) -> list[str]:
    """Names of the files of a picture, alike where the file system takes them for alike."""
    return [f"{stem}.{task}{ending}".casefold() for task in tasks for ending in (".png", ".overlay.png")]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(error, folder, writing=True) from error


def _finite(value: Any) -> Any:
    """Plain JSON: numbers that are not finite become None, numpy's become Python's."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        return _finite(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value

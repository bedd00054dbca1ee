"""What was measured of a member on a split: metrics, and the sums of every picture, from which metrics of resampled
pictures are made. numpy alone; no torch."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import read_json, write_atomic, write_json_atomic
from mtlstudio.base.texts import mark
from mtlstudio.runs.statistics import Counts, Floats

_PARTS = ("picture", "place", "value")


@dataclass(frozen=True)
class PictureSums:
    """One of the sums of a measurement, picture by picture; only what is not 0 is kept.

    Attributes:
        shape: of the sum.
        picture: (n,) int64, number of the picture.
        place: (n,) int64, place in the flattened sum.
        value: (n,) float64.
    """

    shape: tuple[int, ...]
    picture: NDArray[np.int64]
    place: NDArray[np.int64]
    value: Floats

    @classmethod
    def of(cls, arrays: Mapping[int, NDArray[Any]], shape: tuple[int, ...]) -> PictureSums:
        """From number of the picture -> its sum."""
        pictures, places, values = [], [], []
        for number, array in arrays.items():
            flat = np.asarray(array, np.float64).ravel()
            found = np.flatnonzero(flat)
            pictures.append(np.full(len(found), number, np.int64))
            places.append(found.astype(np.int64))
            values.append(flat[found])
        if not pictures:
            return cls(shape, np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        return cls(shape, np.concatenate(pictures), np.concatenate(places), np.concatenate(values))

    def total(self, counts: Counts) -> Floats:
        """The sum over pictures, each taken as often as `counts` (N,) says; of `shape`."""
        size = math.prod(self.shape)
        weighted = self.value * counts[self.picture]
        flat: Floats = np.bincount(self.place, weights=weighted, minlength=size).astype(np.float64)
        return flat.reshape(self.shape)

    def renumbered(self, numbers: NDArray[np.int64]) -> PictureSums:
        """With other numbers for the pictures: `numbers[old]`; −1 leaves one out."""
        new = numbers[self.picture]
        kept = new >= 0
        return PictureSums(self.shape, new[kept], self.place[kept], self.value[kept])


@dataclass(frozen=True)
class Measured:
    """A member on a split.

    Attributes:
        run: id; `epoch`, `step`: of the checkpoint.
        keys: of all pictures of the split.
        present: task id -> pictures with a target.
        metrics: task id -> metric id -> value; None where nothing can be said.
        sums: task id -> name of the sum -> picture by picture.
        failures: what could not be read, one line each.
    """

    run: str
    split: str
    epoch: int
    step: int
    keys: tuple[str, ...]
    present: dict[str, int]
    metrics: dict[str, dict[str, float | None]]
    sums: dict[str, dict[str, PictureSums]] = field(default_factory=dict)
    failures: tuple[str, ...] = ()

    def write(self, folder: Path, name: str) -> None:
        """Writes `<name>.npz`, then `<name>.json`: it counts as there with the second.

        Raises:
            StudioError: the system refused.
        """
        arrays: dict[str, NDArray[Any]] = {}
        for task, sums in self.sums.items():
            for key, one in sums.items():
                arrays |= {f"{task}|{key}|{part}": getattr(one, part) for part in _PARTS}
                arrays[f"{task}|{key}|shape"] = np.asarray(one.shape, np.int64)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
        write_atomic(folder / f"{name}.npz", buffer.getvalue())
        plain = {key: getattr(self, key) for key in self.__dataclass_fields__ if key != "sums"}
        write_json_atomic(folder / f"{name}.json", plain)

    @classmethod
    def read(cls, folder: Path, name: str) -> Measured | None:
        """What `write` left; None where it is not there.

        Raises:
            StudioError: the files are damaged.
        """
        path = folder / f"{name}.json"
        if not path.is_file():
            return None
        try:
            plain = read_json(path)
            known = {key: plain[key] for key in cls.__dataclass_fields__ if key != "sums"}
            sums = _read_sums(folder / f"{name}.npz")
        except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile, json.JSONDecodeError) as error:
            raise StudioError(
                mark("damaged: {reason}"), where=str(path), fix=mark("Delete it: it is measured again."), reason=error
            ) from error
        return cls(**{**known, "keys": tuple(plain["keys"]), "failures": tuple(plain["failures"])}, sums=sums)


def common_keys(measured: Sequence[Measured]) -> tuple[str, ...]:
    """The pictures that all of them were measured on, in the order of the first."""
    if not measured:
        return ()
    shared = set(measured[0].keys).intersection(*(one.keys for one in measured[1:]))
    return tuple(key for key in measured[0].keys if key in shared)


def aligned(measured: Measured, keys: Sequence[str], task: str) -> dict[str, PictureSums]:
    """A task's sums with the pictures numbered as in `keys`; pictures that are not in it are left out."""
    place = {key: number for number, key in enumerate(keys)}
    numbers = np.asarray([place.get(key, -1) for key in measured.keys], np.int64)
    return {name: one.renumbered(numbers) for name, one in measured.sums.get(task, {}).items()}


def _read_sums(path: Path) -> dict[str, dict[str, PictureSums]]:
    found: dict[str, dict[str, PictureSums]] = {}
    with np.load(path, allow_pickle=False) as arrays:
        for entry in arrays.files:
            task, key, part = entry.split("|")
            if part == "shape":
                shape = tuple(int(side) for side in arrays[entry])
                picture, place, value = (arrays[f"{task}|{key}|{name}"] for name in _PARTS)
                found.setdefault(task, {})[key] = PictureSums(shape, picture, place, value)
    return found

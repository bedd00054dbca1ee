"""Drawn scenes are kept in the cache folder, so that a project opens at once the second time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import uuid
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mtlstudio.base.places import cache_folder
from mtlstudio.data.scenes.arrays import Progress, SceneArrays, empty, generate
from mtlstudio.data.scenes.dials import SceneDials

VERSION = 1
"""Of the generator. Whoever changes what any dials draw raises it; a test holds them to it."""
_MOST_BYTES = 2 * 1024**3
_STALE_S = 24 * 3600


def cache_file(dials: SceneDials) -> Path:
    """Where the scenes of these dials are kept once they are drawn."""
    words = json.dumps({"version": VERSION, **asdict(dials)}, sort_keys=True)
    return cache_folder() / "scenes" / f"{hashlib.sha256(words.encode()).hexdigest()[:32]}.npz"


def load(dials: SceneDials, progress: Progress | None = None) -> SceneArrays:
    """The scenes of these dials, from the cache or drawn now and kept there.

    A damaged file is thrown away and made anew; a cache folder that cannot be written is done without.

    Args:
        dials: what to draw.
        progress: told after each scene that is drawn; never called where they come from the cache.
    """
    path = cache_file(dials)
    if path.exists():
        try:
            arrays = _read(path, dials)
        except Exception:  # whatever is wrong with it, it can be made again
            with contextlib.suppress(OSError):
                path.unlink()
        else:
            with contextlib.suppress(OSError):
                os.utime(path)
            return arrays
    arrays = generate(dials, progress)
    with contextlib.suppress(OSError):
        _write(path, arrays)
        _tidy(path)
    return arrays


def _named(arrays: SceneArrays) -> dict[str, np.ndarray]:
    targets = {f"target.{name}": values for name, values in arrays.targets.items()}
    present = {f"present.{name}": values for name, values in arrays.present.items()}
    return {"images": arrays.images, **targets, **present}


def _read(path: Path, dials: SceneDials) -> SceneArrays:
    """The arrays in a file; zip's checksums find what is damaged.

    Raises:
        ValueError: an array has not the shape or dtype it should have.
        Exception: of many kinds, as numpy and zipfile find damage.
    """
    wanted = empty(dials)
    with np.load(path, allow_pickle=False) as file:
        found = {name: file[name] for name in _named(wanted)}
    for name, blank in _named(wanted).items():
        if found[name].shape != blank.shape or found[name].dtype != blank.dtype:
            raise ValueError(f"{name}: {found[name].dtype} {found[name].shape}")
    return SceneArrays(
        dials=dials,
        images=found["images"],
        targets={name: found[f"target.{name}"] for name in wanted.targets},
        present={name: found[f"present.{name}"] for name in wanted.present},
    )


def _write(path: Path, arrays: SceneArrays) -> None:
    """Writes the file whole under another name, then renames it. Not forced to the disk: a torn file is found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.stem}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with open(temporary, "wb") as file:
            np.savez(file, **_named(arrays))  # type: ignore[arg-type]
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _tidy(newest: Path) -> None:
    """Deletes what was not used for longest where the folder has grown too large, and leavings of dead processes."""
    for leaving in newest.parent.glob("*.tmp"):
        if time.time() - leaving.stat().st_mtime > _STALE_S:
            leaving.unlink()
    files = sorted(newest.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)
    total = 0
    for file in files:
        total += file.stat().st_size
        if total > _MOST_BYTES and file != newest:
            file.unlink()

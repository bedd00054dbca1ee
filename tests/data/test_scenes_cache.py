"""Scenes come back from the cache as they were drawn, and a bad cache never stands in the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mtlstudio.data.scenes import SceneArrays, SceneDials, cache, cache_file, generate, load

DIALS = SceneDials(count=4, size=32, missing=0.3)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MTLSTUDIO_HOME", str(tmp_path))
    return tmp_path


def loaded(dials: SceneDials = DIALS) -> tuple[SceneArrays, int]:
    """The arrays, and how many scenes had to be drawn."""
    drawn: list[int] = []
    return load(dials, lambda done, total: drawn.append(done)), len(drawn)


def same(one: SceneArrays, other: SceneArrays) -> bool:
    return np.array_equal(one.images, other.images) and all(
        np.array_equal(mine[name], theirs[name]) and mine[name].dtype == theirs[name].dtype
        for mine, theirs in ((one.targets, other.targets), (one.present, other.present))
        for name in mine | theirs
    )


def test_the_second_time_nothing_is_drawn(home: Path) -> None:
    first, drawn = loaded()
    again, drawn_again = loaded()
    assert (drawn, drawn_again) == (4, 0)
    assert same(first, again) and same(again, generate(DIALS)) and again.dials == DIALS
    assert [path.name for path in (home / "cache" / "scenes").iterdir()] == [cache_file(DIALS).name]


def test_other_dials_or_another_version_have_another_file(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {cache_file(DIALS), cache_file(SceneDials(count=5, size=32, missing=0.3)), cache_file(SceneDials())}
    monkeypatch.setattr(cache, "VERSION", cache.VERSION + 1)
    assert len(names | {cache_file(DIALS)}) == 4


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def of_other_shapes(path: Path) -> None:
    with np.load(path) as file:
        values = {name: file[name] for name in file.files}
    np.savez(path, **{**values, "images": values["images"][:2]})


def pickled(path: Path) -> None:
    with np.load(path) as file:
        values = {name: file[name] for name in file.files}
    np.savez(path, **{**values, "images": np.array([{"a": 1}, None], dtype=object)})


@pytest.mark.parametrize("damage", [cut, flip, empty, of_other_shapes, pickled])
def test_a_damaged_file_is_made_anew(damage: Callable[[Path], None]) -> None:
    first, _ = loaded()
    damage(cache_file(DIALS))
    again, drawn = loaded()
    assert drawn == 4 and same(first, again)
    assert loaded()[1] == 0


def test_a_cache_that_cannot_be_written_is_done_without(home: Path) -> None:
    (home / "cache").write_text("a file where the folder should be")
    arrays, drawn = loaded()
    assert drawn == 4 and same(arrays, generate(DIALS))


def test_work_that_is_stopped_leaves_nothing_behind(home: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(DIALS, stop)
    assert not cache_file(DIALS).exists()


def test_what_was_not_used_for_longest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [SceneDials(count=4, size=32, seed=seed) for seed in range(3)]
    for age, dials in zip((300, 200), kinds, strict=False):
        load(dials)
        os.utime(cache_file(dials), (1e9 - age, 1e9 - age))
    load(kinds[0])  # used again
    monkeypatch.setattr(cache, "_MOST_BYTES", int(2.5 * cache_file(kinds[0]).stat().st_size))
    load(kinds[2])
    assert [cache_file(dials).exists() for dials in kinds] == [True, False, True]

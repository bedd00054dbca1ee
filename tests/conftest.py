"""Ground for all tests: no screen, no settings of the person who runs them, one thread, English."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Before anything imports the package, Qt or torch: all three read these only once.
_HOME = Path(tempfile.mkdtemp(prefix="mtlstudio-tests-"))
os.environ["MTLSTUDIO_HOME"] = str(_HOME)
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(_HOME / "hypothesis")
os.environ.update(LC_ALL="C.UTF-8", LANG="C.UTF-8", LANGUAGE="")
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import pytest  # noqa: E402

from mtlstudio.base import texts  # noqa: E402

with contextlib.suppress(ImportError):  # a GPU machine may have only pytest
    import hypothesis

    hypothesis.settings.register_profile("mtlstudio", deadline=None)  # a busy machine is no fault
    hypothesis.settings.load_profile("mtlstudio")

_ROOT = Path(__file__).resolve().parents[1]
_DATA = _ROOT.parent / "shared" / "data"


def pytest_unconfigure() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        skip = pytest.mark.skip(reason="torch sees no CUDA device")
        for item in marked:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A test that changes the language changes it for itself alone."""
    texts.set_language("en")
    yield
    texts.set_language("en")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return _ROOT


@pytest.fixture(scope="session")
def pets() -> Path:
    """The Oxford-IIIT Pet folder beside the repository; the test is skipped where it is not."""
    return _folder("oxford-iiit-pet")


@pytest.fixture(scope="session")
def bccd() -> Path:
    """The BCCD folder beside the repository; the test is skipped where it is not."""
    return _folder("bccd")


def _folder(name: str) -> Path:
    folder = _DATA / name
    if not folder.is_dir():
        pytest.skip(f"no data set in ../shared/data/{name}")
    return folder

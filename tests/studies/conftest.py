"""One thread, and one small study of baselines for all: one epoch, two seeds, sixty scenes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtlstudio.project import files
from mtlstudio.studies.folder import StudyFolder, create_study, studies_of
from mtlstudio.studies.plan import baselines
from mtlstudio.studies.runner import StudyRunner
from tests.training.small import project


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A finished study; not to be changed."""
    folder = tmp_path_factory.mktemp("studies") / "project"
    folder.mkdir()
    spec = project(count=60, epochs=1, missing=0.2)
    files.save(folder, spec)
    study = create_study(folder, baselines(spec, folder, 2))
    for _ in StudyRunner(study).run():
        pass
    assert study.status() == "finished"
    return study


@pytest.fixture
def copied(finished: StudyFolder, tmp_path: Path) -> StudyFolder:
    """The same, to be changed."""
    shutil.copytree(finished.project_folder, tmp_path / "project")
    return studies_of(tmp_path / "project")[0]

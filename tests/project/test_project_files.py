from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.project import files
from mtlstudio.project.problems import ProjectFileError
from mtlstudio.project.spec import DatasetSpec, ProjectSpec
from tests.project.golden import GOLDEN

OTHER = replace(GOLDEN, name="other")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project in a folder with spaces and Chinese in its name."""
    made = tmp_path / "我的 项目" / "pets"
    files.create(made, GOLDEN)
    return made


def _older(path: Path, seconds: int) -> None:
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns - seconds * 10**9))


def test_what_is_saved_is_loaded(folder: Path) -> None:
    assert files.load(folder) == GOLDEN
    files.save(folder, OTHER)
    assert files.load(folder) == OTHER
    assert sorted(path.name for path in folder.iterdir()) == [".project.last-good.json", "project.json"]
    assert list(json.loads((folder / "project.json").read_text("utf-8")))[:2] == ["format", "version"]


def test_a_project_is_not_made_over_another(folder: Path) -> None:
    with pytest.raises(StudioError, match="already"):
        files.create(folder, OTHER)
    assert files.load(folder) == GOLDEN
    (folder / "file").write_text("x")
    with pytest.raises(StudioError):
        files.create(folder / "file", OTHER)
    with pytest.raises(StudioError):
        files.create(folder / "file" / "below", OTHER)


def test_no_project_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        files.load(tmp_path / "nowhere")
    assert "there is no project here" in caught.value.text() and "mtlstudio new" in caught.value.text()


def test_unsaved_work_is_offered_until_it_is_saved_or_discarded(folder: Path) -> None:
    assert files.recovery(folder) is None
    files.autosave(folder, OTHER)
    assert files.recovery(folder) == folder / files.AUTOSAVE_FILE
    assert files.load_recovery(folder) == OTHER and files.load(folder) == GOLDEN
    files.discard_recovery(folder)
    assert files.recovery(folder) is None
    files.autosave(folder, OTHER)
    files.save(folder, OTHER)
    assert files.recovery(folder) is None
    with pytest.raises(StudioError, match="nothing to recover"):
        files.load_recovery(folder)


def test_an_autosave_that_says_the_same_or_is_older_is_not_offered(folder: Path) -> None:
    files.autosave(folder, GOLDEN)
    assert files.recovery(folder) is None
    files.autosave(folder, OTHER)
    _older(folder / files.AUTOSAVE_FILE, 10)
    assert files.recovery(folder) is None


@pytest.mark.parametrize("damage", ["", "{", '{"format": "mtlstudio-project", "version": 1}', "\x00" * 40])
def test_a_damaged_file_fails_and_names_what_to_recover_from(folder: Path, damage: str) -> None:
    (folder / "project.json").write_text(damage)
    with pytest.raises(ProjectFileError) as caught:
        files.load(folder)
    assert str(folder / files.LAST_GOOD_FILE) in caught.value.text()
    assert files.load_recovery(folder) == GOLDEN
    assert (folder / "project.json").read_text() == damage  # nothing was recovered by itself


def test_of_two_files_to_recover_from_the_newer_is_offered(folder: Path) -> None:
    files.autosave(folder, OTHER)
    (folder / "project.json").write_text("{")
    assert files.recovery(folder) == folder / files.AUTOSAVE_FILE
    _older(folder / files.AUTOSAVE_FILE, 10)
    assert files.load_recovery(folder) == GOLDEN


def test_a_lost_file_can_be_recovered(folder: Path) -> None:
    (folder / "project.json").unlink()
    with pytest.raises(ProjectFileError) as caught:
        files.load(folder)
    assert files.LAST_GOOD_FILE in caught.value.text()
    files.save(folder, files.load_recovery(folder))
    assert files.load(folder) == GOLDEN


def test_damaged_recovery_files_are_not_offered(folder: Path) -> None:
    (folder / files.AUTOSAVE_FILE).write_text("{")
    assert files.recovery(folder) is None
    (folder / files.LAST_GOOD_FILE).write_text("{")
    (folder / "project.json").write_text("{")
    assert files.recovery(folder) is None
    with pytest.raises(ProjectFileError) as caught:
        files.load(folder)
    assert "last good" not in caught.value.text()


def test_a_newer_project_is_left_alone(folder: Path) -> None:
    path = folder / "project.json"
    values = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**values, "version": 99}))
    with pytest.raises(ProjectFileError) as caught:
        files.load(folder)
    assert "newer MTL Studio" in caught.value.text() and "last good" not in caught.value.text()
    assert files.recovery(folder) is None


def test_a_number_that_is_none_is_not_saved_and_harms_nothing(folder: Path) -> None:
    broken = replace(GOLDEN, data=replace(GOLDEN.data, colour=float("nan")))
    for write in (files.save, files.autosave):
        with pytest.raises(StudioError, match="not finite"):
            write(folder, broken)
    assert files.load(folder) == GOLDEN and files.recovery(folder) is None


def test_paths_that_are_no_utf8_survive(tmp_path: Path) -> None:
    spec = ProjectSpec("p", datasets=(DatasetSpec("d", "数据", "folders", os.fsdecode(b"caf\xe9/\xe6\x95\xb0")),))
    files.create(tmp_path / "p", spec)
    assert files.load(tmp_path / "p") == spec


def test_saving_into_a_vanished_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(StudioError):
        files.save(tmp_path / "gone", GOLDEN)


def test_a_second_writer_is_kept_out(folder: Path) -> None:
    with files.project_lock(folder), pytest.raises(StudioError, match="in use"):
        files.project_lock(folder).acquire()
    with files.project_lock(folder):
        pass

from __future__ import annotations

from pathlib import Path

import pytest

from mtlstudio import __version__
from mtlstudio.base import logs, places
from mtlstudio.base.logs import log_traceback


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTLSTUDIO_HOME", str(tmp_path / "home"))


def caught() -> BaseException:
    try:
        raise ValueError("坏 \udc80")  # a lone surrogate, as in an undecodable file name
    except ValueError as error:
        return error


def test_the_file_holds_the_whole_traceback() -> None:
    path = log_traceback(caught())
    text = path.read_text(encoding="utf-8")
    assert path.parent == places.log_folder()
    assert "Traceback (most recent call last)" in text
    assert "ValueError: 坏" in text
    assert "in caught" in text
    assert __version__ in text


def test_each_error_has_its_file_and_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_KEPT", 3)
    written = [log_traceback(caught()) for _ in range(5)]
    assert len(set(written)) == 5
    assert sorted(places.log_folder().iterdir()) == sorted(written[-3:])


def test_where_the_folder_cannot_be_made_the_temporary_one_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert log_traceback(caught()).parent == tmp_path


def test_all_folders_of_the_user_follow_one_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = (places.config_folder, places.cache_folder, places.log_folder)
    assert {folder().parent for folder in folders} == {tmp_path / "home"}
    monkeypatch.delenv("MTLSTUDIO_HOME")
    assert all("mtlstudio" in folder().parts for folder in folders)

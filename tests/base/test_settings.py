from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.base.places import config_folder
from mtlstudio.base.settings import (
    PREFERENCES,
    RECENT_PROJECTS,
    Settings,
    load_settings,
    save_settings,
    settings_file,
    system_language,
)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTLSTUDIO_HOME", str(tmp_path))


def written(content: object) -> Path:
    path = settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_without_a_file_all_is_default() -> None:
    assert load_settings() == Settings()
    assert not settings_file().exists()


def test_everything_comes_back() -> None:
    settings = Settings(
        language="zh_CN",
        theme="dark",
        wheel_scrolls=True,
        geometry="AAEC",
        layouts={"design": "AwQ="},
        keys={"train.start": "F9", "help": ""},
        folders={"images": "/data/宠物"},
        unknown={"from_tomorrow": {"a": 1}},
    )
    settings.add_recent(Path("/projects/one"))
    save_settings(settings)
    assert load_settings() == settings


def test_what_a_newer_version_wrote_survives() -> None:
    path = written({"from_tomorrow": [1, 2], "theme": "light"})
    save_settings(load_settings())
    assert json.loads(path.read_text())["from_tomorrow"] == [1, 2]


def test_one_wrong_value_does_not_spoil_the_others() -> None:
    written({"theme": "pink", "wheel_scrolls": "yes", "keys": {"a": 1, "b": "Ctrl+B"}, "layouts": 3, "language": "en"})
    assert load_settings() == Settings(language="en", keys={"b": "Ctrl+B"})


@pytest.mark.parametrize("content", ["{", "[]", '"text"', "\x00\x01"])
def test_a_damaged_file_is_put_aside(content: str) -> None:
    path = written(content)
    assert load_settings() == Settings()
    aside = [other for other in config_folder().iterdir() if "damaged" in other.name]
    assert [other.read_text() for other in aside] == [content]
    assert not path.exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_stays_where_it_is() -> None:
    path = written({"theme": "dark"})
    path.chmod(0)
    assert load_settings() == Settings()
    assert path.exists()


def test_settings_that_cannot_be_written_say_so() -> None:
    config_folder().write_text("a file where the folder should be")
    with pytest.raises(StudioError) as caught:
        save_settings(Settings())
    assert str(config_folder()) in caught.value.text()


def test_recent_projects_are_few_unique_and_newest_first(tmp_path: Path) -> None:
    settings = Settings()
    folders = [tmp_path / f"p{number}" for number in range(RECENT_PROJECTS + 3)]
    for folder in folders:
        settings.add_recent(folder)
    settings.add_recent(folders[-2])
    settings.add_recent(tmp_path / "other" / ".." / folders[-3].name)
    assert settings.recent_projects[:3] == [str(folders[-3]), str(folders[-2]), str(folders[-1])]
    assert len(settings.recent_projects) == len(set(settings.recent_projects)) == RECENT_PROJECTS
    settings.forget_recent(folders[-2])
    assert str(folders[-2]) not in settings.recent_projects


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_TW.UTF-8"}, "zh_CN"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:en"}, "zh_CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "zh_CN"}, "en"),
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh_CN"),
        ({"LC_MESSAGES": "zh_SG", "LANG": "en_US.UTF-8"}, "zh_CN"),
    ],
)
def test_the_systems_language(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert system_language() == expected
    assert Settings().language_code() == expected
    assert Settings(language="en").language_code() == "en"


def test_preferences_are_fields_with_the_same_defaults() -> None:
    fresh = Settings()
    for parameter in PREFERENCES:
        assert getattr(fresh, parameter.name) == parameter.default == parameter.check(parameter.default)

"""What a person set once for all projects: language, theme, keys, recent projects, where the docks stand."""

from __future__ import annotations

import contextlib
import locale
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import read_json, write_json_atomic
from mtlstudio.base.places import config_folder
from mtlstudio.base.texts import LANGUAGES, mark

RECENT_PROJECTS = 10

PREFERENCES: tuple[Parameter, ...] = (
    Parameter(
        "language", "choice", "system",
        label=mark("Language"),
        choices={"system": mark("As the system"), **LANGUAGES},
    ),
    Parameter(
        "theme", "choice", "system",
        label=mark("Theme"),
        choices={"system": mark("As the system"), "dark": mark("Dark"), "light": mark("Light")},
    ),
    Parameter(
        "wheel_scrolls", "bool", False,
        label=mark("The wheel scrolls"),
        help=mark("On the design canvas, the mouse wheel scrolls; with Ctrl it zooms."),
    ),
    Parameter(
        "notify", "bool", True,
        label=mark("Tell when a run ends"),
        help=mark("When a training of more than a minute ends or fails while another window has the focus."),
    ),
)  # fmt: skip
"""What the settings dialog shows; the rest of `Settings` is remembered, not asked for."""


@dataclass
class Settings:
    """All settings; `load_settings` reads them, `save_settings` keeps them.

    Attributes:
        language: a code of `LANGUAGES`, or `system`.
        theme: `dark`, `light` or `system`.
        wheel_scrolls: whether the wheel scrolls the canvas instead of zooming.
        notify: whether the end of a long run is told while another window has the focus.
        recent_projects: project folders, newest first (see `add_recent`).
        geometry: the window's place and size, as Qt saves it, in base64.
        layouts: workspace to the state of its docks, as Qt saves it, in base64.
        keys: action id to the key sequence that replaces its own; "" takes its keys away.
        folders: purpose (`open_project`, `images`, `export`, …) to the folder last chosen for it.
        unknown: entries of a newer version, kept as they are.
    """

    language: str = "system"
    theme: str = "system"
    wheel_scrolls: bool = False
    notify: bool = True
    recent_projects: list[str] = field(default_factory=list)
    geometry: str = ""
    layouts: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, Any] = field(default_factory=dict)

    def language_code(self) -> str:
        """The language to use, for `set_language`: the chosen one, or the system's."""
        return system_language() if self.language == "system" else self.language

    def add_recent(self, project: Path) -> None:
        """Puts a project first among the recent ones; each stands there once."""
        folder = str(Path(project).resolve())
        self.forget_recent(project)
        self.recent_projects.insert(0, folder)
        del self.recent_projects[RECENT_PROJECTS:]

    def forget_recent(self, project: Path) -> None:
        """Takes a project off the recent ones."""
        folder = os.path.normcase(Path(project).resolve())
        self.recent_projects = [path for path in self.recent_projects if os.path.normcase(path) != folder]


def settings_file() -> Path:
    """Where the settings are kept."""
    return config_folder() / "settings.json"


def load_settings() -> Settings:
    """The settings as they were saved; never fails.

    A value that does not fit becomes its default. A damaged file is put aside as `settings.damaged-….json`.
    """
    path = settings_file()
    if not path.exists():
        return Settings()
    try:
        read = read_json(path)
        if isinstance(read, dict):
            return _from_json(read)
    except StudioError as error:
        if isinstance(error.__cause__, OSError):  # it may be whole: leave it where it is
            return Settings()
    with contextlib.suppress(OSError):
        path.replace(path.with_name(f"settings.damaged-{datetime.now():%Y%m%d-%H%M%S}.json"))
    return Settings()


def save_settings(settings: Settings) -> None:
    """Keeps the settings.

    Raises:
        StudioError: the file cannot be written.
    """
    known = {name: getattr(settings, name) for name in _READERS}
    path = settings_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(mark("cannot make this folder: {reason}"), where=str(path.parent), reason=reason) from error
    write_json_atomic(path, {**settings.unknown, **known})


def system_language() -> str:
    """The system's language as a code of `LANGUAGES`; any Chinese is `zh_CN`, what is not there is English."""
    wanted = _system_locale().lower().replace("-", "_")
    if wanted.startswith("zh"):
        return "zh_CN"
    stem = wanted.partition("_")[0]
    return next((code for code in LANGUAGES if code.lower().partition("_")[0] == stem), "en")


def _system_locale() -> str:
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((os.environ[name] for name in names if os.environ.get(name)), "")
    if chosen.partition(".")[0] in ("C", "POSIX"):  # then LANGUAGE does not count
        return "en"
    if chosen or os.environ.get("LANGUAGE"):
        return os.environ.get("LANGUAGE", "").partition(":")[0] or chosen
    if sys.platform == "win32":
        import ctypes

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    return locale.getlocale()[0] or ""


def _from_json(read: Mapping[str, Any]) -> Settings:
    settings = Settings(unknown={name: value for name, value in read.items() if name not in _READERS})
    for name, reader in _READERS.items():
        if name in read:
            with contextlib.suppress(StudioError, ValueError):
                setattr(settings, name, reader(read[name]))
    return settings


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _folders(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(value)
    paths = [path for path in value if isinstance(path, str) and path]
    return list(dict.fromkeys(paths))[:RECENT_PROJECTS]


def _words(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(value)
    return {name: word for name, word in value.items() if isinstance(word, str)}


_READERS: dict[str, Callable[[Any], Any]] = {
    **{parameter.name: parameter.check for parameter in PREFERENCES},
    "recent_projects": _folders,
    "geometry": _text,
    "layouts": _words,
    "keys": _words,
    "folders": _words,
}
assert {*_READERS, "unknown"} == {item.name for item in fields(Settings)}

"""Folders of the user: settings, caches, logs. `MTLSTUDIO_HOME` puts them all under one folder (tests do)."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "mtlstudio"


def _home() -> Path | None:
    home = os.environ.get("MTLSTUDIO_HOME")
    return Path(home) if home else None


def config_folder() -> Path:
    """Where settings are kept."""
    home = _home()
    return home / "config" if home else Path(platformdirs.user_config_dir(_APP, appauthor=False))


def cache_folder() -> Path:
    """Where things that can be made again are kept (sample scenes, thumbnails)."""
    home = _home()
    return home / "cache" if home else Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def log_folder() -> Path:
    """Where tracebacks of unexpected errors go."""
    home = _home()
    return home / "logs" if home else Path(platformdirs.user_log_dir(_APP, appauthor=False))


def projects_folder() -> Path:
    """Where new projects are proposed."""
    home = _home()
    return home / "projects" if home else Path(platformdirs.user_documents_dir()) / "MTL Studio"

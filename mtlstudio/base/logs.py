"""Tracebacks for the developers, in a file; the person gets one clear line and the file's name."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path

from mtlstudio import __version__
from mtlstudio.base.places import log_folder

_KEPT = 50


def log_traceback(error: BaseException) -> Path:
    """Writes an error with its traceback to a new file in `log_folder()` (or the system's temporary folder).

    Only the newest files are kept, so that an error that comes back with every repaint does no harm.

    Returns:
        The file's path.
    """
    text = _report(error)
    try:
        return _write(log_folder(), text)
    except OSError:
        return _write(Path(tempfile.gettempdir()), text)


def _report(error: BaseException) -> str:
    lines = [
        f"mtlstudio {__version__}, Python {platform.python_version()}, {platform.platform()}",
        datetime.now().astimezone().isoformat(timespec="seconds"),
        " ".join(sys.argv),
        "",
    ]
    return "\n".join(lines) + "".join(traceback.format_exception(error))


def _write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"mtlstudio-error-{datetime.now():%Y%m%d-%H%M%S-%f}.log"
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
    for old in sorted(folder.glob("mtlstudio-error-*.log"))[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path

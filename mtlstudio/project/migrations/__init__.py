"""Older project files become current ones, step by step, in memory.

To change the format: raise `VERSION` in `mtlstudio.project.spec`, add a module `from_<old version>.py` here with
`migrate(values)`, which makes the JSON of the next version from that of one (the argument stays as it is), and put a
file of the old version into `tests/golden/`, where it stays for ever.
"""

from __future__ import annotations

import importlib
from typing import Any

from mtlstudio.base.texts import mark
from mtlstudio.project.problems import ProjectFileError
from mtlstudio.project.spec import FORMAT, VERSION


def migrate(values: Any, *, where: str = "") -> dict[str, Any]:
    """JSON values of any known version as those of the current one; the argument stays as it is.

    Args:
        where: the file's name, for the error.

    Raises:
        ProjectFileError: it is no project, of no version, or of a newer one.
    """
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ProjectFileError(mark("this is no project of MTL Studio"), where=where)
    version = values.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        raise ProjectFileError(mark("its version is no number: {version!r}"), where=where, version=version)
    if version > VERSION:
        raise ProjectFileError(
            mark("it was made by a newer MTL Studio (version {version}; this one knows {known})"),
            fix=mark("Install a newer MTL Studio to open it; it was left as it is."),
            where=where,
            version=version,
            known=VERSION,
            newer=True,
        )
    current = values
    for older in range(version, VERSION):
        step = importlib.import_module(f"{__name__}.from_{older}")
        current = {**step.migrate(current), "version": older + 1}
    return current

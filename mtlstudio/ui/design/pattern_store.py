"""Patterns a person has kept: layers with their connections, one file each in the user's folder. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import read_json, slug, write_atomic
from mtlstudio.base.places import config_folder
from mtlstudio.base.texts import mark
from mtlstudio.project.codec import fragment_from_json, fragment_to_json, to_text
from mtlstudio.project.edits import Fragment


@dataclass(frozen=True)
class Pattern:
    """Layers that were kept under a name."""

    name: str
    fragment: Fragment
    path: Path


def patterns_folder() -> Path:
    """Where they are kept, for all projects."""
    return config_folder() / "patterns"


def patterns() -> list[Pattern]:
    """All that were kept, by name; files that cannot be read are left out."""
    found = []
    folder = patterns_folder()
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            values = read_json(path)
            name = str(values.pop("name", path.stem)) if isinstance(values, dict) else path.stem
            found.append(Pattern(name, fragment_from_json(values), path))
        except StudioError:
            continue
    return sorted(found, key=lambda pattern: pattern.name.casefold())


def keep(name: str, fragment: Fragment) -> Pattern:
    """Keeps layers under a name; one of that name is replaced.

    Raises:
        StudioError: the name is empty, or the file cannot be written.
    """
    name = name.strip()
    if not name:
        raise StudioError(mark("a pattern needs a name"))
    known = {pattern.name: pattern.path for pattern in patterns()}
    folder = patterns_folder()
    path = known.get(name) or folder / f"{slug(name, {file.stem for file in known.values()}) or 'pattern'}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(mark("cannot make this folder: {reason}"), where=str(folder), reason=reason) from error
    write_atomic(path, to_text({"name": name, **fragment_to_json(fragment)}))
    return Pattern(name, fragment, path)


def rename(pattern: Pattern, name: str) -> Pattern:
    """Keeps it under another name.

    Raises:
        StudioError: the name is empty or taken, or the file cannot be written.
    """
    if name.strip() == pattern.name:
        return pattern
    if any(other.name == name.strip() for other in patterns()):
        raise StudioError(mark("there is a pattern called {name!r} already"), name=name.strip())
    made = keep(name, pattern.fragment)
    forget(pattern)
    return made


def forget(pattern: Pattern) -> None:
    """Throws a pattern away."""
    pattern.path.unlink(missing_ok=True)

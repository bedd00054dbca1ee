"""Any field of a project by its path, as `--set` writes it: `training.batch_size`, `tasks.species.loss_weight`.

A path goes through the specification by names of fields and ids. Parameters of a layer, a task or a method stand
directly behind it: `network.layers.stage4.out_channels`, `training.optimizer.learning_rate`. Lists are separated by commas, points
of a schedule written `epoch:value`: `tasks.mask.weight_schedule` = `0:1, 10:0.25`.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict, freeze
from mtlstudio.base.texts import mark
from mtlstudio.project.codec import decode, field_types
from mtlstudio.project.edits.tasks import check_task
from mtlstudio.project.settings import DataSettings, MethodSpec, TrainingSettings, parameters_of
from mtlstudio.project.spec import DatasetSpec, InputSpec, LayerSpec, NetworkSpec, ProjectSpec, TaskSpec

Named = InputSpec | DatasetSpec | TaskSpec | LayerSpec

_FIXED = {"id", "type", "tasks", "origin"}
"""What no path sets: it would break what hangs on it. (The edits change these.)"""

Reader = Callable[[ProjectSpec, str, "Path | None"], ProjectSpec]
"""The project, what was typed, the project's folder -> the changed project."""

_readers: dict[str, Reader] = {}

_LISTS = ("inputs", "datasets", "tasks")
_WORDS = {"True": True, "False": False, "None": None}


def get_field(spec: ProjectSpec, path: str) -> Any:
    """The value at a path.

    Raises:
        StudioError: there is no such field; names those there are.
    """
    here: Any = spec
    for key in _keys(path):
        here = _child(here, key, path)
    return here


def add_reader(path: str, reader: Reader) -> None:
    """Lets a field be set by words that another room knows (an id that stands for a whole plan, say)."""
    _readers[path] = reader


def set_field(spec: ProjectSpec, path: str, text: str, folder: Path | None = None) -> ProjectSpec:
    """The project with one field set to what a person typed.

    Fields with a declaration are read by it (`auto` is None where that is allowed), open parameters as JSON or else
    as text. Another method starts with its own parameters.

    Args:
        folder: the project's, where one is known.

    Raises:
        StudioError: there is no such field (names those there are), or the value does not fit.
    """
    reader = _readers.get(path.strip())
    if reader is not None and not text.strip().startswith("["):
        return reader(spec, text.strip(), folder)
    changed: ProjectSpec = _set(spec, _keys(path), path, text)
    return changed


def set_fields(spec: ProjectSpec, settings: Iterable[tuple[str, str]], folder: Path | None = None) -> ProjectSpec:
    """Sets several fields in any order: methods come first, before their parameters, and last what is made from others.

    Raises:
        StudioError: as `set_field`.
    """
    for path, text in sorted(settings, key=lambda pair: (pair[0] in _readers, not pair[0].endswith(".method"))):
        spec = set_field(spec, path, text, folder)
    return spec


def field_paths(spec: ProjectSpec) -> list[str]:
    """All paths that lead to a value."""
    return list(_paths(spec, ""))


def _keys(path: str) -> list[str]:
    return path.strip().split(".")


def _paths(here: Any, prefix: str) -> Iterator[str]:
    for key in _children(here):
        path = f"{prefix}{key}"
        child = _child(here, key, path)
        if _is_value(here, key, child):
            yield path
        else:
            yield from _paths(child, f"{path}.")


def _children(here: Any) -> list[str]:
    """The keys that a path may go on with; empty for a value."""
    if isinstance(here, MethodSpec):
        return ["method", *here.parameters]
    if _is_list_of_named(here):
        return [item.id for item in here]
    if isinstance(here, Named):
        own = [name for name in _own(here) if name not in (*_FIXED, "parameters")]
        return own + [name for name in getattr(here, "parameters", ()) if name not in own]
    if isinstance(here, ProjectSpec):
        return ["name", *_LISTS, "network", "data", "training"]
    if isinstance(here, NetworkSpec):
        return ["layers"]
    if isinstance(here, DataSettings | TrainingSettings):
        return _own(here)
    return list(here) if isinstance(here, FrozenDict) else []


def _child(here: Any, key: str, path: str) -> Any:
    if _is_open(here) and key == "parameters":
        return here.parameters
    if _is_open(here) and key in here.parameters and key not in _own(here):
        return here.parameters[key]
    if isinstance(here, FrozenDict) and key in here:
        return here[key]
    if key not in _children(here):
        raise _unknown(here, key, path)
    if _is_list_of_named(here):
        return next(item for item in here if item.id == key)
    return getattr(here, key)


def _set(here: Any, keys: list[str], path: str, text: str) -> Any:
    key, *rest = keys
    if isinstance(here, FrozenDict) and not rest:
        return here.with_(**{key: _literal(text, path)})
    if _is_open(here) and key not in _own(here) and not rest:
        if isinstance(here, TaskSpec) and key not in here.parameters:
            raise _unknown(here, key, path)
        return replace(here, parameters=here.parameters.with_(**{key: _literal(text, path)}))
    if isinstance(here, MethodSpec) and key == "method" and not rest:
        return here if here.method == text.strip() else MethodSpec(text.strip())
    child = _child(here, key, path)
    if rest:
        changed = _set(child, rest, path, text)
        if _is_list_of_named(here):
            return tuple(changed if item.id == key else item for item in here)
        return replace(here, **{key: changed})
    if not _is_value(here, key, child):
        raise StudioError(
            mark("this is no single value"), where=path, fix=mark("Known: {known}."), known=_listed(_children(child))
        )
    changed = replace(here, **{key: _value(here, key, path, text)})
    if isinstance(changed, TaskSpec):
        try:
            check_task(changed)
        except StudioError as error:
            raise StudioError(error.message, where=path, fix=error.fix, **error.values) from error
    return changed


def _value(here: Any, key: str, path: str, text: str) -> Any:
    """What a person typed for a field of the specification."""
    declaration = _declaration(here, key)
    if declaration is not None:
        try:
            return declaration.parse(text)
        except StudioError as error:
            raise StudioError(error.message, where=path, fix=error.fix, **error.values) from error
    hint = field_types(type(here))[key]
    if hint is str:
        return text
    listed = _list_of(hint, text)
    if listed is not None:
        return decode(hint, listed, path)
    return decode(hint, json.loads(json.dumps(_literal(text, path))), path)


def _declaration(here: Any, key: str) -> Parameter | None:
    if not isinstance(here, DataSettings | TrainingSettings):
        return None
    return next((parameter for parameter in parameters_of(type(here)) if parameter.name == key), None)


def _list_of(hint: Any, text: str) -> list[Any] | None:
    """A list as a person types it: `accuracy, macro_f1`, or points `0:1, 10:0.25`; None where it is something else."""
    if text.strip().startswith("[") or not _is_list(hint):
        return None
    words = [word.strip() for word in text.split(",") if word.strip()]
    if get_args(hint)[0] is str:
        return words
    try:
        return [[float(number) for number in word.split(":")] for word in words]
    except ValueError:
        return None


def _is_list(hint: Any) -> bool:
    """Whether a field holds texts or points."""
    inner = get_args(hint)[0] if get_origin(hint) is tuple else None
    return inner is str or get_origin(inner) is tuple


def _literal(text: str, path: str) -> Any:
    """JSON, a number or truth value as Python writes it, or else the text itself."""
    word = text.strip()
    if word in _WORDS:
        return _WORDS[word]
    try:
        value = json.loads(word)
    except (ValueError, RecursionError):
        try:
            value = float(word)
        except ValueError:
            return word
    if isinstance(value, float) and not math.isfinite(value):
        raise StudioError(mark("{value} is no finite number"), where=path, value=word)
    return freeze(value)


def _is_list_of_named(here: Any) -> bool:
    return isinstance(here, tuple) and all(isinstance(item, Named) for item in here)


def _is_value(here: Any, key: str, child: Any) -> bool:
    """Whether a field is set as a whole (else a path must go on into it)."""
    if isinstance(here, ProjectSpec | NetworkSpec):
        return key == "name"
    return not (is_dataclass(child) or isinstance(child, FrozenDict) or (child and _is_list_of_named(child)))


def _is_open(here: Any) -> bool:
    return isinstance(here, MethodSpec | DatasetSpec | TaskSpec | LayerSpec)


def _own(here: Any) -> list[str]:
    return [field.name for field in fields(here)]


def _listed(keys: list[str]) -> str:
    return ", ".join(keys) or "—"


def _unknown(here: Any, key: str, path: str) -> StudioError:
    known = _children(here)
    closest = difflib.get_close_matches(key, known, n=1)
    return StudioError(
        mark("there is no {key!r} here"),
        where=path,
        fix=mark("Did you mean {closest!r}?") if closest else mark("Known: {known}."),
        key=key,
        closest=closest[0] if closest else "",
        known=_listed(known),
    )

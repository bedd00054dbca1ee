"""The axes of a sweep as people write them, and what there is to sweep over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.edits import split_positions
from mtlstudio.project.fields import field_paths, get_field, set_field
from mtlstudio.project.graph import CycleError
from mtlstudio.project.settings import DataSettings, TrainingSettings, parameters_of
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.studies.methods import METHOD_FIELD
from mtlstudio.studies.plan import SPLIT, Axis
from mtlstudio.training.methods import balancing_methods

_LEFT_OUT = ("name", "training.seed", "training.epochs", "training.device", "training.start_from", "training.best")
_NUMBERS = (bool, int, float)


@dataclass(frozen=True)
class FieldChoice:
    """A field that can be swept.

    Attributes:
        path: as `--set` writes it.
        words: what it is, translated.
        example: values to begin with, as one types them.
        known: values there are to choose from; empty where any number goes.
    """

    path: str
    words: str
    example: str
    known: tuple[str, ...] = ()


def axis(text: str) -> Axis:
    """`KEY=V1,V2`; commas inside brackets or quotes part nothing.

    Raises:
        StudioError: there are no values.
    """
    key, equals, values = text.partition("=")
    if not equals:
        raise StudioError(mark("{text!r} has no values"), fix=mark("Write it as KEY=V1,V2,…"), text=text)
    return key.strip(), parted(values)


def parted(text: str) -> tuple[str, ...]:
    """The values between commas that stand outside of brackets and quotes, each once."""
    parts, depth, quoted = [""], 0, False
    for letter in text.replace("，", ","):
        quoted ^= letter == '"'
        depth += 0 if quoted else (letter in "[{") - (letter in "]}")
        if letter == "," and depth <= 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def field_choices(spec: ProjectSpec) -> list[FieldChoice]:
    """What can be swept: λ of each task, the split point and the balancing method first, then every number."""
    found = list(_first(spec))
    taken = {choice.path for choice in found}
    labels = {f"data.{one.name}": one.label for one in parameters_of(DataSettings)}
    labels |= {f"training.{one.name}": one.label for one in parameters_of(TrainingSettings)}
    for path in field_paths(spec):
        value = get_field(spec, path)
        if path in taken or path in _LEFT_OUT or not isinstance(value, _NUMBERS):
            continue
        words = tr(labels[path]) if path in labels else path.rpartition(".")[2].replace("_", " ")
        found.append(FieldChoice(path, words, "true, false" if isinstance(value, bool) else _around(value)))
    return [replace(choice, example=_fitting(spec, choice)) for choice in found]


def _fitting(spec: ProjectSpec, choice: FieldChoice) -> str:
    """The values of its example that the field allows."""
    return ", ".join(value for value in parted(choice.example) if choice.path == SPLIT or _fits(spec, choice, value))


def _fits(spec: ProjectSpec, choice: FieldChoice, value: str) -> bool:
    try:
        set_field(spec, choice.path, value)
    except StudioError:
        return False
    return True


def _first(spec: ProjectSpec) -> Iterator[FieldChoice]:
    for task in spec.tasks:
        words = tr("λ of {task}", task=task.name)
        yield FieldChoice(f"tasks.{task.id}.loss_weight", words, _around(task.loss_weight))
    try:
        positions = [position for position in split_positions(spec) if position.layer]
    except CycleError:
        positions = []
    if positions:
        layers = tuple(position.layer for position in positions)
        yield FieldChoice(SPLIT, tr("Split point: where the trunk ends"), ", ".join(layers[-3:]), layers)
    methods = tuple(method.id for method in balancing_methods() if not method.lacks())
    yield FieldChoice(METHOD_FIELD, tr("Balancing method"), "equal, uncertainty, pcgrad", methods)
    rate = "training.optimizer.learning_rate"
    try:
        value = get_field(spec, rate)
    except StudioError:
        value = None
    yield FieldChoice(rate, tr("Learning rate"), _around(value if isinstance(value, float) else 1e-3))


def _around(value: float) -> str:
    """Half of it, itself, the double."""
    if isinstance(value, int):
        return ", ".join(str(number) for number in dict.fromkeys((max(1, value // 2), value, 2 * value)))
    return ", ".join(f"{number:g}" for number in (value / 2, value, 2 * value)) if value else "0, 0.1, 0.5"

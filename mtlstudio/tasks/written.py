"""What a task type tells of itself for a training script that stands alone. No torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class WrittenTask:
    """A task in words and Python expressions.

    The expressions may use `IMAGE_SIZE`, `torch` and the task's constants, written `{name}_CLASSES`; `{name}` stands for
    the task's own prefix.

    Attributes:
        about: what is predicted, in words.
        target: shape, dtype and meaning of a batch of targets, in words; how an unknown one is marked.
        known: expression of `target`: bool, where the losses count.
        sample: expression of one random target, for a stand-in data set.
        prediction: expression of `{output}`, the raw output of one picture without N: what it says.
        output: expression of `output` as the loss functions take it.
        wanted: expression of `target` as the loss functions take it.
        constants: name without prefix -> value: numbers, texts, tuples of them; lists become tensors.
        functions: loss id -> full name of the function that computes it, for losses outside `tasks.losses`.
        arguments: expressions that the loss functions take, before their parameters.
        collated: such a batch of targets as `BoundTask.loss` takes it, where it takes another form; for comparison.
    """

    about: str
    target: str
    known: str
    sample: str
    prediction: str
    output: str = "output"
    wanted: str = "target"
    constants: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ("output", "target", "known")
    collated: Callable[[Any], Any] | None = None

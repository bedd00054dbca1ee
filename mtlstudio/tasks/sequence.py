"""Sequence: a string of symbols, read from left to right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.problems import Problem
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks import checks
from mtlstudio.tasks.bound import DeclaredTask
from mtlstudio.tasks.distilling import kept_classes
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import (
    BoundTask,
    HeadLayer,
    LossDeclaration,
    MetricDeclaration,
    TaskLoss,
    TaskType,
)
from mtlstudio.tasks.joining import current_join
from mtlstudio.tasks.losses import full_precision, mean_sums, mean_value
from mtlstudio.tasks.metrics import Sums, ratio
from mtlstudio.tasks.predictions import Painting, Prediction, Row, SequencePrediction
from mtlstudio.tasks.strings import ctc, distance, path_distances, steps_of
from mtlstudio.tasks.words import number, percent
from mtlstudio.tasks.written import WrittenTask

if TYPE_CHECKING:
    from torch import Tensor

DIGITS = tuple("0123456789")
SYMBOLS, LENGTHS, STEPS = "symbols", "lengths", "steps"


class SequenceMetrics(Sums):
    """`sequence_accuracy`: share of strings read without a fault. `character_error_rate`: sum of the edit distances ÷
    number of true symbols; may exceed 1."""

    def __init__(self) -> None:
        super().__init__({"strings": (), "right": (), "distance": (), "symbols": ()}, whole=True)

    def update(self, output: Tensor, target: Mapping[str, Any], present: Tensor) -> None:
        """`output` (N, K, T); `target` as collated."""
        import torch

        self.follow(output.device)
        truth: Tensor = target[SYMBOLS]
        lengths = (truth > 0).sum(1)
        known = present & (lengths > 0)
        distances = path_distances(output.max(1).indices, truth)
        self.add("strings", known.sum())
        self.add("right", (known & (distances == 0)).sum())
        self.add("distance", torch.where(known, distances, 0).sum())
        self.add("symbols", torch.where(known, lengths, 0).sum())

    def compute(self) -> dict[str, float]:
        """See the class; NaN where there was no string."""
        sums = self.host()
        parts = ("sequence_accuracy", "right", "strings"), ("character_error_rate", "distance", "symbols")
        return {name: ratio(sums[above].view(1), sums[below].view(1))[0] for name, above, below in parts}


class BoundSequence(DeclaredTask):
    """Encoded target: (L,) int64, symbol k as k + 1; L > 0.

    Collated: `symbols` (N, M) int64 with 0 behind the ends; `lengths` and `steps` (that a string needs at least), both
    N numbers on the host. Output: (N, K, T), K = symbols + 1, class 0 the blank.
    """

    def __init__(self, spec: TaskSpec, type_: TaskType, statistics: Mapping[str, Any]) -> None:
        super().__init__(spec, type_, statistics)
        self.symbols: tuple[str, ...] = self.parameters["symbols"]
        self.longest: int = self.parameters["maximum_length"]
        self._index = {symbol: index for index, symbol in enumerate(self.symbols) if symbol}
        self._widest = max(map(len, self._index), default=1)

    @property
    def output_channels(self) -> int:
        """The blank and all symbols."""
        return len(self.symbols) + 1

    @property
    def label_names(self) -> tuple[str, ...]:
        """The symbols."""
        return self.symbols

    @property
    def least_steps(self) -> int:
        """One per symbol of the longest string."""
        return self.longest

    def _read(self, value: Any) -> tuple[int, ...] | None:
        """A text, or names of symbols, as their indices; None for nothing.

        White space that is no symbol is passed over; of several symbols that fit, the longest is read.

        Raises:
            StudioError: a symbol is unknown, or there are too many.
        """
        if value is None:
            return None
        parts = [value] if isinstance(value, str) else list(value)
        found = [index for part in parts for index in self._parsed(str(part))]
        if len(found) > self.longest:
            raise StudioError(
                mark("the string has {n} symbols, more than {most}"), fix=mark("Raise the task's largest length."),
                n=len(found), most=self.longest,
            )  # fmt: skip
        return tuple(found) or None

    def _parsed(self, text: str) -> list[int]:
        found, place = [], 0
        while place < len(text):
            widths = range(min(self._widest, len(text) - place), 0, -1)
            width = next((width for width in widths if text[place : place + width] in self._index), 0)
            if width:
                found.append(self._index[text[place : place + width]])
            elif not text[place].isspace():
                raise StudioError(
                    mark("the string {text!r} has the unknown symbol {symbol!r}"),
                    fix=mark("Add it to the task's symbols."), text=text, symbol=text[place],
                )  # fmt: skip
            place += width or 1
        return found

    def encode(self, value: Any, fit: Fit) -> Tensor | None:
        """The string; nothing of it depends on the picture's size."""
        import torch

        indices = self._read(value)
        return None if indices is None else torch.tensor(indices, dtype=torch.int64) + 1

    def blank(self, size: int) -> Tensor:
        """An empty string, which never counts."""
        import torch

        return torch.zeros(0, dtype=torch.int64)

    def collate(self, targets: Sequence[Tensor]) -> dict[str, Any]:
        """Padded, with what the host must know of them."""
        import torch

        strings = [target.tolist() for target in targets]
        lengths = tuple(map(len, strings))
        padded = torch.zeros((len(strings), max((1, *lengths))), dtype=torch.int64)
        for row, target in zip(padded, targets, strict=True):
            row[: len(target)] = target
        return {SYMBOLS: padded, LENGTHS: lengths, STEPS: tuple(map(steps_of, strings))}

    def loss(self, output: Tensor, target: Mapping[str, Any], present: Tensor) -> TaskLoss:
        """`output` (N, K, T); `target` as collated.

        Raises:
            StudioError: a string needs more steps than there are.
        """
        import torch

        most, given = max(target[STEPS], default=0), output.shape[2]
        if most > given:
            raise StudioError(
                mark("a string needs {steps} steps, the network gives {given}"), where=self.spec.name,
                fix=mark("Let the network keep more columns of the picture, or use larger pictures."),
                steps=most, given=given,
            )  # fmt: skip
        known = present & (target[SYMBOLS] > 0).any(1)
        with full_precision(output):
            part = ctc(output.float(), target[SYMBOLS], target[LENGTHS], known)
        count, join = known.sum().float(), current_join()
        if join is not None:
            sums = join(mean_sums(part, known))
            part, count = mean_value(sums), sums[1].detach()
        value = torch.zeros((), device=present.device)
        for _, weight, _ in self.losses:
            value = value + weight * part
        return TaskLoss(value, {loss_id: part.detach() for loss_id, _, _ in self.losses}, count)

    def written(self) -> WrittenTask:
        """See `WrittenTask`."""
        return WrittenTask(
            f"a string of {len(self.symbols)} symbols, read from left to right",
            "(N, M) int64: {name}_SYMBOLS[k] as k + 1, 0 behind the end; all 0 where it is unknown",
            "(target > 0).any(1)", f"torch.randint(1, {self.output_channels}, (2,))",
            '"".join({name}_SYMBOLS[k - 1] for k in torch.unique_consecutive({output}.argmax(0)).tolist() if k)',
            constants={"SYMBOLS": self.symbols}, functions={"ctc": "mtlstudio.tasks.strings.ctc"},
            arguments=("output", "target", "(target > 0).sum(1).tolist()", "known"),
            collated=lambda target: self.collate([row[row > 0] for row in target]),
        )  # fmt: skip

    def kept(self, output: Tensor, taught: Tensor) -> Tensor:
        """See `BoundTask.kept`."""
        return kept_classes(output, taught)

    def metrics(self) -> SequenceMetrics:
        """Fresh counts."""
        return SequenceMetrics()

    def decode(self, output: Tensor, fit: Fit) -> SequencePrediction:
        """The best class of each step, equal neighbours joined, blanks left out."""
        shares, path = output[0].detach().float().softmax(0).cpu().max(0)
        symbols: list[int] = []
        confidences: list[float] = []
        before = 0
        for share, step in zip(shares.tolist(), path.tolist(), strict=True):
            if step and step != before:
                symbols.append(step - 1)
                confidences.append(share)
            elif step:
                confidences[-1] = max(confidences[-1], share)
            before = step
        return SequencePrediction(
            tuple(symbols), np.array(confidences, np.float32), math.exp(float(shares.clamp(min=1e-30).log().sum()))
        )

    def truth(self, value: Any, fit: Fit) -> SequencePrediction | None:
        """The string itself."""
        indices = self._read(value)
        return None if indices is None else SequencePrediction(indices, np.ones(len(indices), np.float32))

    def shown(self, target: Tensor, size: int) -> SequencePrediction | None:
        """The string itself."""
        indices = tuple(index - 1 for index in target.tolist())
        return SequencePrediction(indices, np.ones(len(indices), np.float32)) if indices else None

    def text(self, prediction: Prediction) -> str:
        """The symbols in a row, apart from each other where one is longer than a letter."""
        names = [self.symbols[index] for index in cast(SequencePrediction, prediction).symbols]
        return ("" if self._widest == 1 else " ").join(names)

    def paint(self, prediction: Prediction) -> Painting | None:
        """Nothing: it is words."""
        return None

    def rows(self, prediction: Prediction) -> list[Row]:
        """The string, then each symbol with its probability."""
        said = cast(SequencePrediction, prediction)
        whole = Row(self.text(said) or "—", percent(said.path), said.path)
        return [
            whole,
            *(
                Row(self.symbols[index], percent(share), share)
                for index, share in zip(said.symbols, said.confidences.tolist(), strict=True)
            ),
        ]

    def summary(self, prediction: Prediction) -> str:
        """The string."""
        return self.text(prediction) or "—"

    def columns(self, prediction: Prediction) -> dict[str, Any]:
        """`text`, `symbols`, `confidences` of the symbols, `confidence` of all."""
        said = cast(SequencePrediction, prediction)
        return {
            "text": self.text(said), "symbols": [self.symbols[index] for index in said.symbols],
            "confidences": said.confidences.tolist(), "confidence": said.path,
        }  # fmt: skip

    def score(self, prediction: Prediction, truth: Prediction) -> float:
        """1 − edit distance ÷ true symbols, not below 0."""
        said, true = cast(SequencePrediction, prediction).symbols, cast(SequencePrediction, truth).symbols
        return max(0.0, 1 - distance(said, true) / max(1, len(true)))

    def balance(self) -> dict[str, Any]:
        """`counts` by symbol; `lengths`: minimum, mean and maximum."""
        if "counts" not in self.statistics:
            return {}
        counts = dict(zip(self.symbols, self.statistics["counts"], strict=False))
        return {"counts": counts, "lengths": dict(self.statistics["lengths"])}

    def balance_rows(self) -> list[Row]:
        """Lengths, then how often each symbol occurs."""
        if "counts" not in self.statistics:
            return []
        counts, lengths = self.statistics["counts"], self.statistics["lengths"]
        most = max((1, *counts))
        ends = tr("{low} … {high}", low=number(lengths["minimum"]), high=number(lengths["maximum"]))
        rows = [Row(symbol, str(n), n / most) for symbol, n in zip(self.symbols, counts, strict=False)]
        return [Row(tr("Length"), ends), *rows]


class SequenceType(TaskType):
    """A string of symbols."""

    id = "sequence"
    name = mark("Sequence")
    summary = mark("A string of symbols read from left to right, such as a number on a meter.")
    icon = "to-sequence"
    kind = "sequence"
    parameters = (
        Parameter("symbols", "names", DIGITS, mark("Symbols"), mark("All that may stand in a string.")),
        Parameter(
            "maximum_length", "int", 8, mark("Largest length"),
            mark("Longer strings count as missing; the network must give at least so many steps."), 1, 1000,
        ),
    )  # fmt: skip
    losses = (
        LossDeclaration("ctc", "CTC", mark("Finds by itself which part of the picture says which symbol.")),
    )  # fmt: skip
    default_losses = (LossSpec("ctc"),)
    metrics_offered = (
        MetricDeclaration("sequence_accuracy", mark("Strings read right"), True, mark("Right")),
        MetricDeclaration("character_error_rate", mark("Character error rate"), False, "CER"),
    )
    default_head = (
        HeadLayer("to_sequence", mark("To sequence")),
        HeadLayer("recurrent", mark("Recurrent")),
        HeadLayer("sequence_head", mark("Head")),
    )

    def bind(self, spec: TaskSpec, statistics: Mapping[str, Any] | None = None) -> BoundTask:
        """The task, ready for work."""
        return BoundSequence(spec, self, statistics or {})

    def statistics(self, spec: TaskSpec, targets: Iterable[Tensor]) -> dict[str, Any]:
        """`samples`; `counts` of the symbols; `lengths` of the strings; `steps` that the most demanding one needs."""
        counts = np.zeros(len(_symbols(spec)), np.int64)
        lengths: list[int] = []
        steps = 0
        for target in targets:
            classes: list[int] = target.tolist()
            counts += np.bincount(np.array(classes, np.int64) - 1, minlength=len(counts))
            lengths.append(len(classes))
            steps = max(steps, steps_of(classes))
        ends = (min(lengths, default=0), sum(lengths) / max(1, len(lengths)), max(lengths, default=0))
        return {
            "samples": len(lengths), "counts": counts.tolist(),
            "lengths": dict(zip(("minimum", "mean", "maximum"), ends, strict=True)), "steps": steps,
        }  # fmt: skip

    def check(self, spec: TaskSpec) -> list[Problem]:
        """Symbols, losses, metrics."""
        return checks.common(self, spec) + checks.names(spec, "symbols", _symbols(spec))


def _symbols(spec: TaskSpec) -> tuple[str, ...]:
    """The task's symbols; () where they are of another kind (`check` says so)."""
    symbols = spec.parameters.get("symbols", DIGITS)
    return tuple(symbols) if isinstance(symbols, tuple) and all(isinstance(one, str) for one in symbols) else ()


TYPE = SequenceType()

"""What bound tasks have in common: parameters, chosen losses, constants on the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.spec import LossSpec, TaskSpec
from mtlstudio.tasks.interface import BoundTask, TaskLoss, TaskType
from mtlstudio.tasks.joining import Join, current_join
from mtlstudio.tasks.losses import LOSSES, full_precision

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class DeclaredTask(BoundTask):
    """A bound task whose losses come from `mtlstudio.tasks.losses`.

    Attributes:
        parameters: of the task, complete and checked.
        losses: (loss id, weight, complete parameters) of each chosen loss.

    Raises:
        StudioError: a parameter does not fit, or the task type has no such loss.
    """

    def __init__(self, spec: TaskSpec, type_: TaskType, statistics: Mapping[str, Any]) -> None:
        super().__init__(spec, type_, statistics)
        self.parameters: dict[str, Any] = complete(type_.parameters, spec.parameters)
        self.losses = [
            (chosen.type, chosen.weight, _loss_parameters(type_, chosen)) for chosen in type_.loss_specs(spec)
        ]
        self._constants: dict[tuple[str, str], Tensor] = {}

    def constant(self, name: str, values: Sequence[float], device: torch.device) -> Tensor:
        """Numbers as a float32 tensor on the device, moved there only once."""
        import torch

        key = (name, str(device))
        if key not in self._constants:
            self._constants[key] = torch.tensor(list(values), dtype=torch.float32, device=device)
        return self._constants[key]

    def class_weights(self) -> Sequence[float] | None:
        """What `balanced` means for this task's classes or labels; None before training."""
        return None

    def weighted_losses(self, output: Tensor, target: Tensor, mask: Tensor) -> TaskLoss:
        """All chosen losses of one output and target.

        Args:
            output: (N, C, …) as the loss functions take it, any floating dtype.
            target, mask: as the loss functions take them; the mask holds presence too.
        """
        present = mask.flatten(1).any(1) if mask.dim() > 1 else mask
        return self.combined({loss_id: (output, target, mask) for loss_id, _, _ in self.losses}, present)

    def combined(self, arguments: Mapping[str, tuple[Tensor, Tensor, Tensor]], present: Tensor) -> TaskLoss:
        """The weighted sum of the chosen losses.

        Args:
            arguments: loss id -> its output (any floating dtype), target and mask.
            present: (N,) bool: samples with a target.
        """
        import torch

        join = current_join()
        if join is not None:
            return self._joined(arguments, present, join)
        weighed, parts = [], {}
        for loss_id, weight, parameters in self.losses:
            output, target, mask = arguments[loss_id]
            with full_precision(output):
                part = LOSSES[loss_id].function(
                    output.float(), target, mask, **self.resolved(parameters, output.device)
                )
                weighed.append(part if weight == 1.0 else weight * part)
            parts[loss_id] = part.detach()
        value = weighed[0] if len(weighed) == 1 else torch.stack(weighed).sum()
        return TaskLoss(value, parts, present.sum(dtype=torch.float32))

    def _joined(self, arguments: Mapping[str, tuple[Tensor, Tensor, Tensor]], present: Tensor, join: Join) -> TaskLoss:
        """As `combined`, of a batch of which this process has a part: all its sums are joined at once."""
        import torch

        pieces = [present.sum(dtype=torch.float32).view(1)]
        for loss_id, _, parameters in self.losses:
            output, target, mask = arguments[loss_id]
            with full_precision(output):
                pieces.append(
                    LOSSES[loss_id].sums(output.float(), target, mask, **self.resolved(parameters, output.device))
                )
        count, *sums = join(torch.cat(pieces)).split([len(piece) for piece in pieces])
        values = [LOSSES[loss_id].value(found) for (loss_id, _, _), found in zip(self.losses, sums, strict=True)]
        value = torch.stack([weight * part for (_, weight, _), part in zip(self.losses, values, strict=True)]).sum()
        parts = {loss_id: part.detach() for (loss_id, _, _), part in zip(self.losses, values, strict=True)}
        return TaskLoss(value, parts, count.detach()[0])

    def resolved(self, parameters: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
        """The parameters with "none" and "balanced" replaced by what they stand for."""
        resolved = dict(parameters)
        for name in ("class_weights", "pos_weight"):
            if name in resolved:
                weights = self.class_weights() if resolved[name] == "balanced" else None
                resolved[name] = None if weights is None else self.constant(name, weights, device)
        return resolved

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_constants": {}}


def _loss_parameters(type_: TaskType, chosen: LossSpec) -> dict[str, Any]:
    for declared in type_.losses:
        if declared.id == chosen.type:
            return complete(declared.parameters, chosen.parameters)
    known = ", ".join(declared.id for declared in type_.losses)
    raise StudioError(
        mark("there is no loss {loss!r} for this task type"), fix=mark("Known: {known}."), loss=chosen.type, known=known
    )


def names_of(spec: TaskSpec, parameter: str) -> tuple[str, ...]:
    """A parameter that holds names; () where it is absent or of another kind (`check` says so)."""
    names = spec.parameters.get(parameter, ())
    return tuple(names) if isinstance(names, tuple) and all(isinstance(name, str) for name in names) else ()


def balanced(counts: Sequence[float]) -> list[float]:
    """Weights in inverse proportion to the counts, n ÷ (K · n_c), as scikit-learn's `balanced`; 1 for what never
    occurs."""
    total, classes = sum(counts), sum(count > 0 for count in counts)
    return [total / (classes * count) if count > 0 else 1.0 for count in counts]


def spread_or_one(deviation: float, mean: float) -> float:
    """What targets are divided by: their deviation, 1 where they hardly differ."""
    return deviation if deviation > max(1e-6 * abs(mean), 1e-30) else 1.0

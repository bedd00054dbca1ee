"""How much memory a training takes: an estimate from the analysis, before anything is built. No torch.

Weights, gradients and the optimizer's values are exact; what the layers make is as they were measured on the meta
device, kept until the gradients have come back. Real use lies a little above it where a library wants room to work in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtlstudio.network.analysis import Analysis
from mtlstudio.network.wiring import wiring
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec

FLOAT = 4
HALF = 2
CONTEXT = {"cuda": 600_000_000}
"""What a device's own libraries hold before the first tensor, in bytes."""

_STATES = {"adamw": 2, "adam": 2, "adagrad": 1, "adadelta": 2, "rmsprop": 1, "sgd": 0}
_MOMENTUM = {"sgd": 0.9, "rmsprop": 0.0}


@dataclass(frozen=True)
class MemoryEstimate:
    """What a training takes, in bytes.

    Attributes:
        weights: of all layers, in float32; in half precision also their copies.
        gradients: of those that are trained.
        optimizer: the values it keeps for each trained weight.
        per_sample: what one picture adds: inputs, kept activations, and room for the gradients of the largest layer.
        context: what the device's libraries hold.
    """

    batch_size: int
    weights: int
    gradients: int
    optimizer: int
    per_sample: int
    context: int = 0

    @property
    def activations(self) -> int:
        """Of the whole batch."""
        return self.batch_size * self.per_sample

    @property
    def fixed(self) -> int:
        """What does not depend on the batch."""
        return self.weights + self.gradients + self.optimizer + self.context

    @property
    def total(self) -> int:
        """All together."""
        return self.fixed + self.activations

    def largest_batch(self, room: int) -> int:
        """The most pictures per step that fit into so many bytes; 0: not even one."""
        if room <= self.fixed:
            return 0
        return (room - self.fixed) // max(1, self.per_sample)


def training_memory(
    spec: ProjectSpec, analysis: Analysis, batch_size: int | None = None, precision: str = "", device: str = "cpu"
) -> MemoryEstimate:
    """What training the project's network would take.

    Args:
        analysis: of that specification.
        batch_size: default: the project's.
        precision: fp32, bf16 or fp16; default: the project's (automatic: fp32 on the processor, else bf16).
        device: cpu, cuda or mps.
    """
    precision = precision or spec.training.precision
    if precision == "auto":
        precision = "bf16" if device == "cuda" else "fp32"
    value = FLOAT if precision == "fp32" else HALF
    trained = _trained(spec, analysis)
    kept, largest = _activations(spec, analysis)
    inputs = FLOAT * sum(item.channels for item in spec.inputs) * spec.data.image_size**2
    copies = HALF * analysis.total.parameters if precision != "fp32" else 0
    return MemoryEstimate(
        batch_size=batch_size if batch_size is not None else spec.training.batch_size,
        weights=FLOAT * analysis.total.parameters + copies,
        gradients=FLOAT * trained,
        optimizer=FLOAT * trained * optimizer_states(spec.training.optimizer),
        per_sample=inputs + (kept + largest) * value // FLOAT,
        context=CONTEXT.get(device, 0),
    )


def optimizer_states(method: MethodSpec) -> int:
    """How many values an optimizer keeps for each weight; two for one that is not known."""
    count = _STATES.get(method.method, 2)
    momentum: Mapping[str, Any] = method.parameters
    return count + bool(momentum.get("momentum", _MOMENTUM.get(method.method, 0.0)))


def _trained(spec: ProjectSpec, analysis: Analysis) -> int:
    reports = analysis.layers
    return sum(
        reports[layer.id].parameters for layer in spec.network.layers if not layer.frozen and layer.id in reports
    )


def _activations(spec: ProjectSpec, analysis: Analysis) -> tuple[int, int]:
    """(kept for the way back, of the largest layer) per picture, in float32.

    Layers before which nothing is trained give theirs back at once.
    """
    wired = wiring(spec.network)
    learns: set[str] = set()
    kept = largest = 0
    for layer_id in wired.order:
        report, layer = analysis.layers.get(layer_id), wired.layers[layer_id]
        if report is None:
            continue
        own = report.parameters > 0 and not layer.frozen
        largest = max(largest, report.activation_bytes)
        if own or any(connection.source in learns for connection in wired.incoming[layer_id]):
            learns.add(layer_id)
            kept += report.activation_bytes
    return kept, largest

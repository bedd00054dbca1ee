"""What an analysis says: figures and problems as plain data. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mtlstudio.network.interface import Shape
from mtlstudio.project.problems import Problem, Severity


@dataclass(frozen=True)
class Cost:
    """What layers cost. Per sample; `activation_bytes` in float32."""

    parameters: int = 0
    macs: int = 0
    activation_bytes: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.parameters + other.parameters,
            self.macs + other.macs,
            self.activation_bytes + other.activation_bytes,
        )

    def times(self, count: int) -> Cost:
        """The cost of `count` of them."""
        return Cost(count * self.parameters, count * self.macs, count * self.activation_bytes)


@dataclass(frozen=True)
class LayerReport:
    """What is known of one layer. Shapes are of one sample, (C, H, W) or (C,).

    Attributes:
        input_shapes: input port -> shapes of what is connected there; empty where they are unknown.
        output_shapes: output port -> shape; empty where it is unknown: a fault here or further up.
        parameters: number of its weights.
        macs: multiply-accumulate operations of its convolutions and matrix products.
        activation_bytes: float32 memory of all values that it makes.
        receptive_field: side, in pixels of the picture, of the area that one value of it sees; None: unknown.
        problems: the layer's own.
        uncounted: operations whose arithmetic `macs` leaves out.
    """

    input_shapes: Mapping[str, tuple[Shape, ...]] = field(default_factory=dict)
    output_shapes: Mapping[str, Shape] = field(default_factory=dict)
    parameters: int = 0
    macs: int = 0
    activation_bytes: int = 0
    receptive_field: int | None = None
    problems: tuple[Problem, ...] = ()
    uncounted: tuple[str, ...] = ()

    @property
    def output_shape(self) -> Shape | None:
        """Shape at the port `out`, else at the last port; None where it is unknown."""
        return self.output_shapes.get("out") or next(reversed(list(self.output_shapes.values())), None)

    @property
    def cost(self) -> Cost:
        """Its figures as a cost."""
        return Cost(self.parameters, self.macs, self.activation_bytes)


@dataclass(frozen=True)
class Analysis:
    """What is known of a network.

    Attributes:
        layers: by id, in the order of the network's list.
        problems: of structure, parameters, shapes and heads; errors prevent building it.
        costs: by the set of tasks that share the layers.
        total: of all layers.
        separate: what the same layers would cost if each task had its own.
    """

    layers: Mapping[str, LayerReport] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    costs: Mapping[frozenset[str], Cost] = field(default_factory=dict)
    total: Cost = Cost()
    separate: Cost = Cost()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that prevent building the network."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

"""How alike the features are that two trainings, or two tasks of one network, make of the same pictures: linear CKA.

    CKA = Σ HSIC₁(K, L) / sqrt(Σ HSIC₁(K, K) · Σ HSIC₁(L, L)),  K = X Xᵀ, L = Y Yᵀ,

sums over minibatches; X and Y: the outputs of two layers for the pictures of a batch, flattened. 1: the same up to turns
and one common factor; 0: they have nothing to do with each other. HSIC₁ is the unbiased estimator

    HSIC₁(K, L) = [tr(K L) + (1ᵀK1)(1ᵀL1) / ((n-1)(n-2)) - 2 (1ᵀ K L 1) / (n-2)] / (n (n-3)),  diagonals set to 0,

so that small batches do not make unlike layers look alike; chance can take CKA a little below 0 or above 1.

Source: Kornblith et al. 2019, "Similarity of Neural Network Representations Revisited", arXiv 1905.00414; minibatches:
Nguyen et al. 2021, "Do Wide and Deep Networks Learn the Same Things?", arXiv 2010.15327; the estimator: Song et al. 2012.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.project import Item, ProjectData, open_data
from mtlstudio.inspection.predictor import Predictor
from mtlstudio.network.trained import LoadedNetwork, load_network
from mtlstudio.project.graph import INPUT_TYPE, incoming, order, reaches
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder

if TYPE_CHECKING:
    from torch import Tensor, nn

Pair = tuple[str, str]
"""Ids of a layer of the first network and one of the second."""

FEWEST = 4
"""Pictures of a batch: of fewer the estimator is not defined."""
_BATCH, _PICTURES = 32, 256


@dataclass(frozen=True)
class Similarity:
    """How alike two layers are.

    Attributes:
        first, second: ids of the layers.
        value: CKA; NaN where the features do not vary.
        pictures: it was measured on.
    """

    first: str
    second: str
    value: float
    pictures: int


class CKA:
    """Linear CKA of two layers, batch by batch."""

    def __init__(self) -> None:
        self._sums = [0.0, 0.0, 0.0]
        self.count = 0

    def add(self, first: Tensor, second: Tensor) -> None:
        """Takes in a batch of at least `FEWEST` pictures.

        Args:
            first, second: `gram` of the two layers' features, (n, n) float64.
        """
        for place, (one, other) in enumerate(((first, second), (first, first), (second, second))):
            self._sums[place] += hsic(one, other)
        self.count += len(first)

    def value(self) -> float:
        """CKA so far; NaN where one of the two does not vary."""
        both, one, other = self._sums
        return both / math.sqrt(one * other) if one > 0 and other > 0 else math.nan


def gram(features: Tensor) -> Tensor:
    """Inner products of the features of n pictures, (n, n) float64 on the CPU, with zeros on the diagonal.

    Args:
        features: (n, …), whatever comes out of a layer.
    """
    flat = features.detach().flatten(1).float()
    flat = flat - flat.mean(0)  # changes nothing but the rounding
    found = (flat @ flat.T).double().cpu()
    return found.fill_diagonal_(0.0)


def hsic(first: Tensor, second: Tensor) -> float:
    """HSIC₁ of two Gram matrices with zeros on their diagonals, (n, n), n ≥ 4."""
    n = len(first)
    ones, others = first.sum(1), second.sum(1)
    trace = float((first * second).sum())
    total = float(ones.sum()) * float(others.sum()) / ((n - 1) * (n - 2))
    return (trace + total - 2.0 * float(ones @ others) / (n - 2)) / (n * (n - 3))


def linear_cka(first: Tensor, second: Tensor) -> float:
    """CKA of the features of one batch, (n, …) each, n ≥ 4."""
    found = CKA()
    found.add(gram(first), gram(second))
    return found.value()


def common_layers(one: ProjectSpec, other: ProjectSpec) -> list[Pair]:
    """Layers that two designs have in common by id, in order: those of a study's shared network and of a task's way
    through it alone, say. Inputs and dead layers are left out."""
    there = {layer.id for layer in other.network.layers if reaches(other.network)[layer.id]}
    living = reaches(one.network)
    kinds = {layer.id: layer.type for layer in one.network.layers}
    return [
        (layer, layer)
        for layer in order(one.network)
        if layer in there and living[layer] and kinds[layer] != INPUT_TYPE
    ]


def own_layers(spec: ProjectSpec, task: str, other: str) -> list[Pair]:
    """The own layers of two tasks that lie equally deep (as many layers behind the input, by the longest way)."""
    depth: dict[str, int] = {}
    before = incoming(spec.network)
    for layer in order(spec.network):
        depth[layer] = max((depth[connection.source] + 1 for connection in before[layer]), default=0)
    own: dict[str, dict[int, str]] = {task: {}, other: {}}
    for layer, tasks in reaches(spec.network).items():
        for owner in own:
            if tasks == {owner}:
                own[owner].setdefault(depth[layer], layer)
    return [(own[task][place], own[other][place]) for place in sorted(own[task].keys() & own[other].keys())]


def between_runs(
    project_folder: Path, first: RunFolder, second: RunFolder, split: str = "val", *, pairs: Sequence[Pair] | None = None,
    which: str | int = "best", device: str = "auto", pictures: int = _PICTURES,
    cancelled: Callable[[], bool] | None = None,
) -> list[Similarity]:  # fmt: skip
    """How alike the layers of two runs are on pictures of the first one's data.

    Args:
        project_folder: of the project.
        first, second: the runs; may be the same one.
        split: train, val or test.
        pairs: layers to be compared; default: `common_layers`.
        which: checkpoint of both.
        device: auto, cpu, cuda or mps.
        pictures: the most that are looked at.
        cancelled: asked after each batch; what was measured so far is returned.

    Raises:
        StudioError: no checkpoint, no data, or fewer than four pictures that can be read.
    """
    loaded = load_network(first, which), load_network(second, which)
    wanted = common_layers(loaded[0].spec, loaded[1].spec) if pairs is None else list(pairs)
    predictors = [Predictor(item, device) for item in loaded]
    sums = {pair: CKA() for pair in wanted}
    data = open_data(loaded[0].spec, Path(project_folder))
    for images, inputs in _batches(data, data.items(split)[:pictures]):
        found = []
        for place, (item, predictor) in enumerate(zip(loaded, predictors, strict=True)):
            with looked_at(item, {pair[place] for pair in wanted}) as seen:
                predictor.outputs(images, inputs)
            found.append(seen)
        for (one, other), total in sums.items():
            if one in found[0] and other in found[1]:
                total.add(found[0][one], found[1][other])
        if cancelled is not None and cancelled():
            break
    if wanted and all(total.count == 0 for total in sums.values()):
        raise StudioError(
            mark("there are fewer than four pictures in the split {split!r}"), where=first.id,
            fix=mark("Choose another split, or change the shares of the splits."), split=split,
        )  # fmt: skip
    return [Similarity(*pair, total.value(), total.count) for pair, total in sums.items()]


def between_tasks(project_folder: Path, run: RunFolder, task: str, other: str, split: str = "val", **how: Any) -> list[Similarity]:  # fmt: skip
    """How alike the own layers of two tasks of one run are, at equal depth; the rest as `between_runs`."""
    return between_runs(project_folder, run, run, split, pairs=own_layers(run.spec(), task, other), **how)


@contextmanager
def looked_at(loaded: LoadedNetwork, layers: set[str]) -> Iterator[dict[str, Tensor]]:
    """The block in which what layers put out is kept as Gram matrices, by layer id."""
    seen: dict[str, Tensor] = {}

    def keeper(name: str) -> Any:
        def keep(_module: nn.Module, _args: Any, output: Any) -> None:
            value = output.get("out", next(reversed(output.values()))) if isinstance(output, dict) else output
            seen[name] = gram(value)

        return keep

    handles = [loaded.network.layers[layer].register_forward_hook(keeper(layer)) for layer in layers]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _batches(data: ProjectData, items: Sequence[Item]) -> Iterator[tuple[list[Any], list[Any]]]:
    """Pictures and what comes beside them, in batches that are large enough; unreadable ones are left out."""
    images: list[Any] = []
    inputs: list[Any] = []
    for item in items:
        try:
            image = data.read_image(item)
            beside = data.read_inputs(item, image.shape[1], image.shape[0])
        except StudioError:
            continue
        images.append(image)
        inputs.append(beside)
        if len(images) == _BATCH:
            yield images, inputs
            images, inputs = [], []
    if len(images) >= FEWEST:
        yield images, inputs

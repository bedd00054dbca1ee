"""Trained weights for the fresh layers of a network."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mtlstudio.base.declare import complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.network.interface import layer_type
from mtlstudio.network.pretrained import fitted, without_prefix
from mtlstudio.project.spec import ProjectSpec


@dataclass(frozen=True)
class WeightsReport:
    """What became of a layer's trained weights; names as in the layer's `state_dict`.

    Attributes:
        taken: loaded.
        other_size: in the file with another size; these start anew.
        missing: not in the file; these start anew.
        unused: in the file, but the layer has no such weight.
        source: the file, or where else they are from.
    """

    taken: tuple[str, ...]
    other_size: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    source: str = ""

    @property
    def is_whole(self) -> bool:
        """Nothing of the layer starts anew."""
        return not (self.other_size or self.missing)

    def as_plain(self) -> dict[str, Any]:
        """As JSON values, for the log of a run."""
        named = {name: list(getattr(self, name)) for name in ("taken", "other_size", "missing", "unused")}
        return {**named, "source": self.source}

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> WeightsReport:
        """What `as_plain` wrote."""
        named = {name: tuple(values.get(name, ())) for name in ("taken", "other_size", "missing", "unused")}
        return cls(**named, source=str(values.get("source", "")))

    def summary(self) -> str:
        """One sentence: `60 weights taken, 1 of another size, 2 missing; 2 in the file unused.`"""
        parts = [ntr("{n} weight taken", "{n} weights taken", len(self.taken))]
        if self.other_size:
            parts.append(tr("{n} of another size, started anew", n=len(self.other_size)))
        if self.missing:
            parts.append(tr("{n} missing, started anew", n=len(self.missing)))
        if self.unused:
            parts.append(tr("{n} unused", n=len(self.unused)))
        return ", ".join(parts)

    def text(self) -> str:
        """All names, by what became of them; a line each."""
        groups = (
            (tr("Taken"), self.taken), (tr("Of another size, started anew"), self.other_size),
            (tr("Missing, started anew"), self.missing), (tr("Unused"), self.unused),
        )  # fmt: skip
        return "\n".join(
            line for title, names in groups if names for line in (f"{title} ({len(names)})", *(f"  {n}" for n in names))
        )


def load_pretrained(
    network: MultiTaskNetwork, spec: ProjectSpec, folder: Path, without: Collection[str] = ()
) -> dict[str, WeightsReport]:
    """Loads the trained weights that layers ask for (a backbone's `weights`), before a training from the start.

    Args:
        folder: the project's, which relative paths start from.
        without: ids of layers that get their weights elsewhere: nothing is read or downloaded for them.

    Returns:
        layer id -> what became of them, for the layers that asked.

    Raises:
        StudioError: they cannot be had, or none of them fits; names the layer.
    """
    reports: dict[str, WeightsReport] = {}
    for layer in spec.network.layers:
        if layer.id not in network.layers or layer.bypassed or layer.id in without:
            continue
        type_ = layer_type(layer.type)
        try:
            weights = type_.pretrained(complete(type_.parameters, layer.parameters), folder)
            if weights is not None:
                reports[layer.id] = take(network.layers[layer.id], weights)
        except StudioError as error:
            where = f"{layer.name}: {error.where}" if error.where else layer.name
            raise StudioError(error.message, where=where, fix=error.fix, **error.values) from error
    return reports


def take(module: nn.Module, weights: Mapping[str, Tensor]) -> WeightsReport:
    """Copies into a module all weights that fit it by name and size.

    A prefix that the file has before all its names (`module.`, `backbone.` …) is left out of account. Embeddings of
    positions are interpolated to the module's size.

    Raises:
        StudioError: none fits.
    """
    own = module.state_dict()
    named = without_prefix(weights, own)
    fitting = {
        name: value for name in own if name in named and (value := fitted(name, named[name], own[name])) is not None
    }
    if not fitting:
        raise StudioError(
            mark("none of the {count} weights in the file fits this layer"),
            fix=mark("Choose the weights of such a network."),
            count=len(weights),
        )
    with torch.no_grad():
        for name, value in fitting.items():
            own[name].copy_(value)
    other_size = tuple(name for name in own if name in named and name not in fitting)
    # Counters of batch norm are no weights: old files lack them.
    missing = tuple(name for name in own if name not in named and not name.endswith("num_batches_tracked"))
    return WeightsReport(tuple(fitting), other_size, missing, tuple(name for name in named if name not in own))

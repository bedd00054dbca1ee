"""A `torch.export` program: takes inputs by their ids in a dictionary, returns outputs by task id; any batch size."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.project.spec import ProjectSpec

DOCUMENT = "mtlstudio.json"
"""The description within the file."""


class _Program(nn.Module):
    """The network without what is no part of a program."""

    def __init__(self, network: MultiTaskNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return self.network(inputs)  # type: ignore[no-any-return]


def write_program(spec: ProjectSpec, network: MultiTaskNetwork, path: Path, document: Mapping[str, Any]) -> None:
    """Writes the program with the document within.

    Raises:
        StudioError: torch cannot follow a layer.
    """
    size = spec.data.image_size
    inputs = {item.id: torch.randn(2, item.channels, size, size) for item in spec.inputs}
    batch = torch.export.Dim("batch", min=1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.export.export(
                _Program(network).eval(), (inputs,), dynamic_shapes=({name: {0: batch} for name in inputs},)
            )
            torch.export.save(program, str(path), extra_files={DOCUMENT: json.dumps(document, ensure_ascii=False)})
    except Exception as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise StudioError(
            mark("torch cannot follow this network: {reason}"), where=spec.name,
            fix=mark("Choose another format."), reason=reason[:300],
        ) from error  # fmt: skip


def run_program(path: Path, batches: Sequence[Mapping[str, Tensor]]) -> list[dict[str, Tensor]]:
    """What the file says of batches of inputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.export.load(str(path)).module()
    with torch.no_grad():
        return [module(dict(batch)) for batch in batches]

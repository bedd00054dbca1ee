"""`torch.compile` on demand: layer by layer, so that any way through the network finds them compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtlstudio.training import notes

if TYPE_CHECKING:
    import torch

    from mtlstudio.network.compile import MultiTaskNetwork

_MOST_SHAPES = 512
"""Layers of one type share their code: each of their shapes, in training and validation, is compiled apart."""


def compile_layers(
    network: MultiTaskNetwork, device: torch.device, several_passes: bool, backend: str = "inductor"
) -> list[tuple[str, dict[str, Any]]]:
    """Compiles every layer in place, when it first runs; weights and their names stay what they are.

    Args:
        network: on its device.
        device: of it.
        several_passes: a backward pass may go through a layer more than once (methods on gradients).
        backend: of `torch.compile`.

    Returns:
        What is to be noted: that it does not work here, and why. The layers are left as they are then.
    """
    import torch

    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, _MOST_SHAPES)
    if several_passes:
        torch._functorch.config.donated_buffer = False  # its kernels would overwrite what the next pass needs
    try:
        _probe(device, backend)
    except Exception as error:  # whatever the compilers of the machine complain of
        lines = str(error).strip().splitlines()
        return [(notes.NOT_COMPILED, {"reason": lines[0] if lines else type(error).__name__})]
    for layer in network.layers.values():
        layer.compile(backend=backend)
    return []


def _probe(device: torch.device, backend: str) -> None:
    """Compiles and runs a trifle, forth and back."""
    import torch

    def trifle(x: torch.Tensor) -> torch.Tensor:
        return (x * x + 1.0).relu().sum()

    made = torch.compile(trifle, backend=backend)
    made(torch.ones(4, device=device, requires_grad=True)).backward()

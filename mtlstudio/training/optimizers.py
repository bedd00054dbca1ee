"""The optimizers, as torch has them. Norms, biases and the balancing method's own values get no weight decay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.training.declarations import Method

if TYPE_CHECKING:
    import torch
    from torch import nn

    from mtlstudio.network.compile import MultiTaskNetwork


@dataclass(frozen=True)
class OptimizerMethod(Method):
    """An optimizer; its parameters have torch's names, but for `learning_rate` (torch: `lr`).

    Attributes:
        torch_class: its class in `torch.optim`.
        fused_on: device types whose fused kernel measured fastest.
    """

    torch_class: str = ""
    fused_on: tuple[str, ...] = ()

    def build(
        self, groups: list[dict[str, Any]], values: Mapping[str, Any], device: torch.device
    ) -> torch.optim.Optimizer:
        """The optimizer of those parameter groups (see `parameter_groups`).

        Raises:
            StudioError: the values exclude one another.
        """
        import torch

        options = {("lr" if name == "learning_rate" else name): value for name, value in values.items()}
        if options.get("nesterov") and not options.get("momentum"):
            raise StudioError(mark("Nesterov's step needs a momentum above 0"), where="training.optimizer.momentum")
        kind = {"fused": True} if device.type in self.fused_on else {}
        optimizer: torch.optim.Optimizer = getattr(torch.optim, self.torch_class)(groups, **options, **kind)
        return optimizer


def parameter_groups(
    network: MultiTaskNetwork, weight_decay: float, balancing: Iterable[nn.Parameter] = ()
) -> list[dict[str, Any]]:
    """The trained parameters in groups.

    Each group carries `factor` (multiplies the learning rate) and `decays` (whether weight decay counts).

    Args:
        network: whose frozen parameters are left out.
        weight_decay: of kernels and matrices; norms and biases get none.
        balancing: trained values of the balancing method; no weight decay either.
    """
    made = [
        {
            "params": group["params"], "factor": group["lr_factor"], "decays": group["weight_decay"],
            "weight_decay": weight_decay if group["weight_decay"] else 0.0,
        }
        for group in network.parameter_groups()
    ]  # fmt: skip
    own = list(balancing)
    if made and own:
        made.append({"params": own, "factor": 1.0, "decays": False, "weight_decay": 0.0})
    return made


def _rate(default: float) -> Parameter:
    return Parameter("learning_rate", "float", default, mark("Learning rate"), minimum=0.0, maximum=100.0, step=0.001)


def _decay(default: float) -> Parameter:
    return Parameter(
        "weight_decay", "float", default, mark("Weight decay"),
        mark("Pulls weights towards zero; norms and biases are left alone."), minimum=0.0, maximum=10.0, step=0.001,
    )  # fmt: skip


def _share(name: str, default: float, label: str) -> Parameter:
    return Parameter(name, "float", default, label, minimum=0.0, maximum=0.999999, step=0.01)


def _eps(default: float) -> Parameter:
    return Parameter("eps", "float", default, mark("Epsilon"), minimum=0.0, maximum=1.0)


_BETAS = Parameter(
    "betas", "floats", (0.9, 0.999), mark("Betas"), mark("How slowly the two running means forget."),
    minimum=0.0, maximum=0.999999,
)  # fmt: skip
_MOMENTUM = mark("Momentum")

_OPTIMIZERS = (
    OptimizerMethod(
        "adamw", mark("AdamW"), mark("Adam with weight decay apart from the gradient; a good first choice."),
        "Loshchilov & Hutter 2019, arXiv 1711.05101", (_rate(3e-3), _BETAS, _eps(1e-8), _decay(0.01)),
        torch_class="AdamW", fused_on=("cpu", "cuda"),
    ),
    OptimizerMethod(
        "adam", mark("Adam"), mark("Steps scaled by running means of the gradient and its square."),
        "Kingma & Ba 2015, arXiv 1412.6980", (_rate(3e-3), _BETAS, _eps(1e-8), _decay(0.0)),
        torch_class="Adam", fused_on=("cpu", "cuda"),
    ),
    OptimizerMethod(
        "sgd", mark("SGD"), mark("Gradient descent with momentum, Nesterov's if wanted."),
        "Sutskever et al. 2013",
        (
            _rate(0.05), _share("momentum", 0.9, _MOMENTUM),
            Parameter("nesterov", "bool", True, mark("Nesterov")), _decay(1e-4),
        ),
        torch_class="SGD", fused_on=("cpu", "cuda"),
    ),
    OptimizerMethod(
        "adagrad", mark("Adagrad"), mark("Steps shrink with the sum of squared gradients."),
        "Duchi et al. 2011", (_rate(0.01), _eps(1e-10), _decay(0.0)),
        torch_class="Adagrad", fused_on=("cpu", "cuda"),
    ),
    OptimizerMethod(
        "adadelta", mark("Adadelta"), mark("Adagrad with a window, and a unit of its own."),
        "Zeiler 2012, arXiv 1212.5701", (_rate(1.0), _share("rho", 0.9, mark("Rho")), _eps(1e-6), _decay(0.0)),
        torch_class="Adadelta",
    ),
    OptimizerMethod(
        "rmsprop", mark("RMSprop"), mark("Steps divided by a running root mean square of the gradient."),
        "Tieleman & Hinton 2012",
        (_rate(1e-3), _share("alpha", 0.99, mark("Alpha")), _eps(1e-8), _share("momentum", 0.0, _MOMENTUM), _decay(0.0)),
        torch_class="RMSprop",
    ),
)  # fmt: skip


def optimizers() -> tuple[OptimizerMethod, ...]:
    """All optimizers there are."""
    return _OPTIMIZERS

"""All methods to choose from: optimizers, schedules, balancing methods. No torch."""

from __future__ import annotations

from mtlstudio.training.balancing import balancing_methods
from mtlstudio.training.declarations import Method
from mtlstudio.training.optimizers import optimizers
from mtlstudio.training.schedules import schedules

__all__ = ["Method", "balancing_methods", "optimizers", "schedules"]

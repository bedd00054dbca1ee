"""Balancing methods, one file each; a module declares `METHOD`."""

from __future__ import annotations

from mtlstudio.base.rooms import declared_in
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod


def balancing_methods() -> tuple[BalancingMethod, ...]:
    """All balancing methods there are."""
    found: tuple[BalancingMethod, ...] = declared_in("mtlstudio.training.balancing", "METHOD")
    return found


__all__ = ["Balancer", "BalancingMethod", "balancing_methods"]

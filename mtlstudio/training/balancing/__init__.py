"""Balancing methods, one file each; a module declares `METHOD`."""

from __future__ import annotations

from mtlstudio.base.rooms import declared_in
from mtlstudio.training.balancing.interface import Balancer, BalancingMethod

_PLAIN = ("equal", "fixed")


def balancing_methods() -> tuple[BalancingMethod, ...]:
    """All balancing methods there are: the plain ones, those on losses, those on gradients."""
    found: tuple[BalancingMethod, ...] = declared_in("mtlstudio.training.balancing", "METHOD")
    return tuple(sorted(found, key=lambda method: (method.id not in _PLAIN, method.works_on == "gradients", method.id)))


__all__ = ["Balancer", "BalancingMethod", "balancing_methods"]

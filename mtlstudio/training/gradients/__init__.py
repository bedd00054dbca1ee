"""Per-task gradients of the layers that tasks share, on any network of the grid."""

from __future__ import annotations

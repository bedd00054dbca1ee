"""Templates: one file each that declares `TEMPLATE`."""

from __future__ import annotations

from mtlstudio.network.patterns import Template
from mtlstudio.network.templates.registry import default_template, template, templates

__all__ = ["Template", "default_template", "template", "templates"]

"""Templates: one file each that declares `TEMPLATE`."""

from __future__ import annotations

from mtlstudio.base.rooms import by_id, declared_in
from mtlstudio.network.patterns import Template


def templates() -> tuple[Template, ...]:
    """All templates, in the order of lists."""
    found: tuple[Template, ...] = declared_in("mtlstudio.network.templates", "TEMPLATE")
    return tuple(sorted(found, key=lambda template: template.order))


def template(template_id: str) -> Template:
    """The template of that id. Raises KeyError where there is none."""
    found: Template = by_id("mtlstudio.network.templates", "TEMPLATE", template_id)
    return found

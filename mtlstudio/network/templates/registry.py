"""All templates there are."""

from __future__ import annotations

from mtlstudio.base.rooms import by_id, declared_in
from mtlstudio.network.patterns import Template, type_of
from mtlstudio.project.spec import ProjectSpec


def templates() -> tuple[Template, ...]:
    """All templates, in the order of lists."""
    found: tuple[Template, ...] = declared_in("mtlstudio.network.templates", "TEMPLATE")
    return tuple(sorted(found, key=lambda template: template.order))


def template(template_id: str) -> Template:
    """The template of that id. Raises KeyError where there is none."""
    found: Template = by_id("mtlstudio.network.templates", "TEMPLATE", template_id)
    return found


def default_template(spec: ProjectSpec) -> str:
    """Id of the template that suits a project's tasks: with strings to read, the one that reads; with maps to predict,
    the one that has skips.
    """
    kinds = {type_of(task).kind for task in spec.tasks}
    return "sequence" if "sequence" in kinds else "unet" if "map" in kinds else "shared"


__all__ = ["Template", "default_template", "template", "templates"]

"""What optimizers, schedules and balancing methods have in common: a declaration with parameters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from mtlstudio.base.declare import Parameter, complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.settings import MethodSpec

_Declared = TypeVar("_Declared", bound="Method")


@dataclass(frozen=True)
class Method:
    """Something to choose by id.

    Attributes:
        id: as in `MethodSpec.method`.
        name, summary: marked for translation.
        source: the paper, where there is one.
        parameters: its own.
    """

    id: str
    name: str
    summary: str = ""
    source: str = ""
    parameters: tuple[Parameter, ...] = ()


def chosen(methods: Iterable[_Declared], spec: MethodSpec, where: str) -> tuple[_Declared, dict[str, Any]]:
    """The method that a project names, and all its parameters, checked.

    Args:
        where: the setting, for the complaint.

    Raises:
        StudioError: there is no such method, or a parameter does not fit.
    """
    known = {method.id: method for method in methods}
    if spec.method not in known:
        raise StudioError(
            mark("there is no method {name!r}"),
            where=where,
            fix=mark("Known: {known}."),
            name=spec.method,
            known=", ".join(known),
        )
    method = known[spec.method]
    try:
        return method, complete(method.parameters, spec.parameters)
    except StudioError as error:
        raise StudioError(error.message, where=where, fix=error.fix, **error.values) from error

"""Fields of settings that carry their own declaration, from which forms and the command line's checks are made."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any

from mtlstudio.base.declare import Kind, Parameter


def setting(kind: Kind, default: Any, label: str, help: str = "", **bounds: Any) -> Any:
    """A dataclass field with its declaration (the field's own name becomes the parameter's)."""
    return field(default=default, metadata={"kind": kind, "label": label, "help": help, "bounds": bounds})


def parameters_of(cls: type) -> tuple[Parameter, ...]:
    """The declarations of a settings class, in order; fields that are no plain setting are left out."""
    return tuple(
        Parameter(
            item.name, item.metadata["kind"], item.default, item.metadata["label"], item.metadata["help"],
            **item.metadata["bounds"],
        )
        for item in fields(cls)
        if "kind" in item.metadata
    )  # fmt: skip

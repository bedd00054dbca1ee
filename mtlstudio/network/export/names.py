"""Python names for what the grid shows. No torch at import."""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Collection, Iterable

from mtlstudio.base.files import slug
from mtlstudio.project.spec import LayerSpec, ProjectSpec

_TAKEN = frozenset(("self", "cls", "torch", "nn", "F", "functional", "torchvision"))


def class_name(name: str) -> str:
    """The network's class, from the project's name: `Oxford pets` becomes `OxfordPetsNetwork`."""
    parts = [part for part in slug(name).split("_") if part and part != "item"]
    words = "".join(part[:1].upper() + part[1:] for part in parts)
    words = words if not words[:1].isdigit() else f"Project{words}"
    return words if words.endswith("Network") else f"{words}Network"


def input_names(spec: ProjectSpec) -> dict[str, str]:
    """Input id -> name of the argument of `forward`."""
    names: dict[str, str] = {}
    for item in spec.inputs:
        names[item.id] = identifier(item.id, "input", names.values())
    return names


def layer_names(layers: Iterable[LayerSpec], taken: Collection[str] = ()) -> dict[str, str]:
    """Layer id -> name of the submodule: from the name in the grid where that is one of a kind, else from the id.

    Args:
        taken: names that they must not have.
    """
    layers = list(layers)
    told = Counter(_plain(layer.name) for layer in layers)
    ids = {layer.id for layer in layers}
    names: dict[str, str] = {}
    for layer in layers:
        plain = _plain(layer.name)
        own = plain if plain and told[plain] == 1 and plain not in ids - {layer.id} else layer.id
        names[layer.id] = identifier(own, "layer", [*names.values(), *taken])
    return names


def identifier(text: str, stem: str, taken: Collection[str]) -> str:
    """A Python name from any text: no keyword, nothing that `nn.Module` has, unlike all of `taken`."""
    from torch import nn

    module = nn.Module()
    plain = slug(text)
    if not plain[0].isalpha():
        plain = f"{stem}_{plain}"

    def is_free(name: str) -> bool:
        return not (keyword.iskeyword(name) or name in _TAKEN or name in taken or hasattr(module, name))

    name, number = plain, 1
    while not is_free(name):
        name = f"{plain}_{stem}" if number == 1 else f"{plain}_{stem}_{number}"
        number += 1
    return name


def _plain(name: str) -> str:
    """The name in ASCII; empty where it has no letter of it, or where letters of another script would be lost."""
    if any(character.isalpha() and slug(character) == "item" for character in name):
        return ""
    plain = slug(name)
    return plain if plain != "item" and plain[0].isalpha() else ""

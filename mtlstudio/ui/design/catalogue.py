"""The layer types as they are offered: in sections, searched by words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.interface import LayerType, layer_types

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (mark("Layers"), ("convolution", "pooling", "resampling", "regularisation", "dense", "merge", "decoder")),
    (mark("Attention"), ("attention",)),
    (mark("Sequences"), ("sequence",)),
    (mark("Between tasks"), ("between",)),
    (mark("Heads"), ("head",)),
    (mark("Backbones"), ("backbone",)),
)


def sections() -> list[tuple[str, list[LayerType]]]:
    """(name, types) of each section that has any; inputs are set up with the data and not offered."""
    found = []
    known = {group for _name, groups in SECTIONS for group in groups}
    for name, groups in SECTIONS:
        types = [type_ for group in groups for type_ in layer_types() if type_.group == group]
        if name == SECTIONS[0][0]:
            types += [type_ for type_ in layer_types() if type_.group not in known | {"input"}]
        if types:
            found.append((tr(name), types))
    return found


def search(types: Sequence[LayerType], text: str) -> list[LayerType]:
    """Those whose name, id, summary or choices have all the words; those whose name begins with them first.

    The choices of a backbone are its variants: `resnet50` finds ResNet.
    """
    wanted = text.lower().split()

    def rank(type_: LayerType) -> int | None:
        name = tr(type_.name).lower()
        everything = f"{name} {type_.id} {type_.name.lower()} {tr(type_.summary).lower()} {_variants(type_)}"
        if not all(word in everything for word in wanted):
            return None
        if not wanted or name.startswith(wanted[0]):
            return 0
        return 1 if all(word in name for word in wanted) else 2

    ranked = [(rank(type_), index, type_) for index, type_ in enumerate(types)]
    return [type_ for place, _i, type_ in sorted((r for r in ranked if r[0] is not None), key=lambda r: r[:2])]


@lru_cache(maxsize=256)
def _variants(type_: LayerType) -> str:
    """What else a backbone is called: its variants."""
    if type_.group != "backbone":
        return ""
    choices = next((p.choices for p in type_.parameters if p.name == "variant" and p.choices), None)
    return " ".join(f"{key} {name}" for key, name in (choices or {}).items()).lower()

"""The templates as they are offered: in groups, searched by words. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.interface import layer_type
from mtlstudio.network.patterns import Template
from mtlstudio.project.spec import NetworkSpec

GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("sharing", mark("Who shares what"), ("shared", "tree", "separate", "middle", "depths")),
    ("decoders", mark("Decoders"), ("unet", "fpn", "deeplab", "autoencoder")),
    (
        "between", mark("Between tasks"),
        ("cross_stitch", "mtan", "stage_attention", "mmoe", "cgc", "ple", "padnet", "attention"),
    ),
    ("sequences", mark("Sequences"), ("recurrent", "sequence")),
    ("inputs", mark("Several inputs"), ("early_fusion", "middle_fusion", "late_fusion", "joint")),
)  # fmt: skip
"""(id, name, templates). A template that is named nowhere is put where its layers belong."""

_RECURRENT = frozenset({"recurrent", "recurrent_map", "to_sequence", "sequence_head"})
_DECODING = frozenset({"fpn_step", "aspp"})


def group_of(template: Template, network: NetworkSpec | None = None) -> str:
    """Id of the group of a template.

    Args:
        network: one that it made, to see what it consists of.
    """
    for group, _name, members in GROUPS:
        if template.id in members:
            return group
    types = {layer.type for layer in network.layers} if network is not None else set()
    if template.inputs > 1:
        return "inputs"
    if types & _RECURRENT:
        return "sequences"
    if any(_crosses(type_id) for type_id in types):
        return "between"
    return "decoders" if types & _DECODING else "sharing"


def search(templates: Sequence[Template], text: str) -> list[Template]:
    """Those whose name, id, sentence or paper has all the words."""
    words = text.casefold().split()
    return [
        item
        for item in templates
        if all(
            word in f"{tr(item.name)} {item.name} {item.id} {tr(item.summary)} {item.source}".casefold()
            for word in words
        )
    ]


def _crosses(type_id: str) -> bool:
    try:
        type_ = layer_type(type_id)
    except KeyError:
        return False
    return type_.crosses or type_.group == "between"

"""What a reader of exported weights must know: inputs, preprocessing, outputs, as plain JSON. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mtlstudio import __version__
from mtlstudio.tasks.bound import DeclaredTask
from mtlstudio.tasks.interface import BoundTask

if TYPE_CHECKING:
    from mtlstudio.network.export.subject import Subject

_RESIZE = {
    "stretch": "both sides to the size, whatever the picture's shape",
    "letterbox": "the longer side to the size, the rest filled with grey (124, 116, 104) at both ends",
    "crop": "the square in the middle of the picture to the size",
}


def description(subject: Subject, input_names: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """The document that goes with exported files.

    Args:
        input_names: input id -> its name in the file.
        more: further fields.
    """
    spec = subject.spec
    size = spec.data.image_size
    return {
        "project": spec.name, "run": subject.run or None, "checkpoint": subject.checkpoint or None,
        "epoch": subject.epoch, "written_by": f"mtlstudio {__version__}",
        "inputs": [
            {
                "name": input_names[item.id], "id": item.id, "type": item.type, "dtype": "float32",
                "shape": ["batch", item.channels, size, size],
                **({"mean": list(subject.inputs[item.id][0]), "std": list(subject.inputs[item.id][1]),
                    "resize": "nearest neighbour; unknown pixels 0 after standardisation"}
                   if item.id in subject.inputs else {}),
            }
            for item in spec.inputs
        ],
        "preprocessing": {
            "colour_order": "RGB", "size": size, "resize": spec.data.resize,
            "resize_rule": _RESIZE.get(spec.data.resize, spec.data.resize), "interpolation": "bilinear, antialiased",
            "scale": "8-bit values divided by 255", "mean": list(subject.mean), "std": list(subject.std),
            "formula": "(value / 255 - mean) / std", "measured": subject.measured,
        },
        "outputs": [
            _output(bound) for task, bound in subject.tasks.items() if task in subject.network.tasks
        ],
        **more,
    }  # fmt: skip


def _output(bound: BoundTask) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": bound.spec.id, "task": bound.spec.name, "type": bound.spec.type, "kind": bound.type.kind,
        "channels": bound.output_channels,
    }  # fmt: skip
    if isinstance(bound, DeclaredTask):
        found["parameters"] = {name: _plain(value) for name, value in bound.parameters.items()}
    written = bound.written()
    if written is not None:
        found["about"] = written.about
        found["constants"] = {name.lower(): _plain(value) for name, value in written.constants.items()}
    return found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value

"""What becomes of trained weights when layers are split or joined, in a sentence."""

from __future__ import annotations

from mtlstudio.base.texts import tr
from mtlstudio.network.inheritance import Heritage, Inheritance
from mtlstudio.project.spec import ProjectSpec


def told(before: ProjectSpec, after: ProjectSpec, was: Inheritance | None, now: Inheritance | None) -> str:
    """What an edit did to the weights of the run at hand: which copies take them along, which are lost; "" for nothing.

    Args:
        was, now: what the layers before and after the edit inherit from that run.
    """
    if was is None or now is None:
        return ""
    known = {layer.id for layer in before.network.layers}
    sentences: list[str] = []
    for layer in after.network.layers:
        item = now.of(layer.id)
        if layer.id not in known and layer.origin in known and item is not None and item.kind is Heritage.COPIED:
            tasks = ", ".join(task.name for task in after.tasks if task.id in layer.tasks)
            sentences.append(
                tr("{layer} copied for {tasks}; trained weights go with it.", layer=layer.name, tasks=tasks)
            )
    gone_before = {item.layer for item in was.lost}
    sentences += [item.text() for item in now.lost if item.layer not in gone_before]
    return " ".join(sentences[:2])

"""What can be predicted from a scene: the targets, their task types and their words."""

from __future__ import annotations

from dataclasses import dataclass

from mtlstudio.base.texts import mark

SHAPES: tuple[str, ...] = (
    mark("Circle"), mark("Square"), mark("Triangle"), mark("Star"), mark("Ring"), mark("Cross"),
)  # fmt: skip
COLOURS: tuple[str, ...] = (
    mark("Red"), mark("Yellow"), mark("Green"), mark("Blue"), mark("Purple"), mark("White"),
)  # fmt: skip


@dataclass(frozen=True)
class SceneTarget:
    """One thing a scene is labelled with.

    Attributes:
        id: of the target; also the key in `Scene.targets` and `SceneArrays.targets`.
        task_type: id of the task type that predicts it.
        name: what the window calls it (marked for translation).
        help: one sentence on what it is (marked for translation).
        class_names: of its classes, in the order of their indexes (marked for translation); none for numbers.
        unit: of its numbers, where they have one.
        proposed: a new project makes a task of it.
    """

    id: str
    task_type: str
    name: str
    help: str
    class_names: tuple[str, ...] = ()
    unit: str = ""
    proposed: bool = True


TARGETS: tuple[SceneTarget, ...] = (
    SceneTarget(
        "largest", "classification", mark("Largest shape"),
        mark("The shape that covers the most pixels."), SHAPES,
    ),
    SceneTarget(
        "shapes", "multilabel", mark("Shapes"),
        mark("Which shapes can be seen."), SHAPES,
    ),
    SceneTarget(
        "colours", "multilabel", mark("Colours"),
        mark("Which colours the shapes have."), COLOURS,
    ),
    SceneTarget(
        "count", "regression", mark("Number of shapes"),
        mark("How many shapes can be seen."),
    ),
    SceneTarget(
        "mask", "segmentation", mark("Shape mask"),
        mark("The shape that each pixel belongs to."), (mark("Background"), *SHAPES),
    ),
    SceneTarget(
        "depth", "depth", mark("Depth"),
        mark("How far away each pixel is: smaller, paler shapes are farther."), unit="m",
    ),
    SceneTarget(
        "signal_a", "regression", mark("Signal A"),
        mark("How steep the stripes on the ground are."), proposed=False,
    ),
    SceneTarget(
        "signal_b", "regression", mark("Signal B"),
        mark("The stripes or the warmth of the ground, as much of each as the relatedness says."),
        proposed=False,
    ),
)  # fmt: skip

TARGET_IDS: tuple[str, ...] = tuple(target.id for target in TARGETS)

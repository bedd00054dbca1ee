"""The projects of `tests/golden/` in code: `project-v1.json`, `project-v2.json` and `project-v3.json` are the same one.

None may ever change: people's projects look like them.
"""

from __future__ import annotations

from dataclasses import replace

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.spec import (
    Connection,
    DatasetSpec,
    DataSettings,
    InputSpec,
    LayerGroup,
    LayerSpec,
    LossSpec,
    MethodSpec,
    NetworkSpec,
    Output,
    ProjectSpec,
    StageSpec,
    TaskGroup,
    TaskSpec,
    TrainingSettings,
)

_ALL = frozenset({"species", "mask", "head_box"})


def _layer(layer_id: str, name: str, kind: str, *tasks: str, **parameters: object) -> LayerSpec:
    return LayerSpec(layer_id, name, kind, frozenset(tasks) or _ALL, FrozenDict(parameters))


GOLDEN = ProjectSpec(
    name="宠物 pets",
    inputs=(InputSpec("image", "Image"), InputSpec("infrared", "Infrared", "image", 1)),
    datasets=(
        DatasetSpec(
            "pets",
            "Oxford pets",
            "oxford_pets",
            "../数据/oxford iiit pet",
            FrozenDict(seed=3, subset=None, folds=(1, 2.5)),
            FrozenDict(species="species", mask="trimap", head_box="head"),
        ),
        DatasetSpec("scenes", "Scenes", "scenes", parameters=FrozenDict(dials=FrozenDict(noise=0.1, tail=True))),
    ),
    tasks=(
        TaskSpec(
            "species",
            "Species",
            "classification",
            "#4C9BE8",
            FrozenDict(class_names=("cat", "dog")),
            (LossSpec("cross_entropy"), LossSpec("focal", 0.5, FrozenDict(gamma=2))),
            0.25,
            ((0.0, 1.0), (10.0, 0.25)),
            ("accuracy", "macro_f1"),
        ),
        TaskSpec("mask", "宠物掩膜", "segmentation", "#2FB98A", FrozenDict(class_names=("pet", "ground"), ignore_index=255)),
        TaskSpec("head_box", "Head", "regression", "#F2A541", loss_weight=0.0),
    ),
    network=NetworkSpec(
        layers=(
            _layer("image", "Image", "input", input="image"),
            LayerSpec("stage1", "Stage 1", "residual_stage", _ALL, FrozenDict(out_channels=32, blocks=2), True, False, 0.1),
            _layer("stage2", "Stage 2", "residual_stage", "species", "head_box", out_channels=64, norm=None),
            LayerSpec(
                "stage2_2", "Stage 2", "residual_stage", frozenset({"mask"}), FrozenDict(out_channels=64, norm=None),
                origin="stage2",
            ),
            _layer("up1", "Up 1", "unet_decoder", "mask"),
            LayerSpec("dropout", "Dropout", "dropout", frozenset({"species"}), FrozenDict(p=0.5), bypassed=True),
            _layer("head", "Head", "linear", "species", out_features=None),
            _layer("head_2", "Head", "linear", "head_box"),
        ),
        connections=(
            Connection("image", "stage1"),
            Connection("stage1", "stage2"),
            Connection("stage1", "stage2_2"),
            Connection("stage2_2", "up1"),
            Connection("stage1", "up1", "out", "skip"),
            Connection("stage2", "dropout", "stage4"),
            Connection("dropout", "head"),
            Connection("stage2", "head_2"),
        ),
        outputs=(Output("species", "head"), Output("mask", "up1", "map"), Output("head_box", "head_2")),
    ),
    data=DataSettings(image_size=96, resize="letterbox", crop_scale=1.0, flip_vertical=0.25),
    training=TrainingSettings(
        epochs=40,
        optimizer=MethodSpec("sgd", FrozenDict(learning_rate=0.05, nesterov=True)),
        schedule=MethodSpec("cosine", FrozenDict(warm_up_epochs=2)),
        balancing=MethodSpec("uncertainty"),
        clip_norm=1.0,
        patience=5,
        best="mask.mean_iou",
        channels_last=True,
    ),
)  # fmt: skip


def _stitch() -> ProjectSpec:
    """What version 2 brought: layers between tasks, groups, inputs of data sets, a run to start from."""
    tasks = ("depth", "mask", "kind")
    layers = [
        LayerSpec("image", "Image", "input", frozenset(tasks), FrozenDict(input="image")),
        LayerSpec("range", "Range", "input", frozenset({"depth"}), FrozenDict(input="range")),
        LayerSpec("backbone", "Backbone", "resnet", frozenset(tasks), FrozenDict(variant="resnet18")),
        LayerSpec(
            "stitch", "Stitch", "cross_stitch", frozenset({"depth", "mask"}), FrozenDict(per_channel=True, own=0.9)
        ),
    ]
    connections = [Connection("image", "backbone"), Connection("range", "join_depth", "out", "in")]
    for task in ("depth", "mask"):
        stage, head = f"join_{task}", f"head_{task}"
        layers.append(LayerSpec(stage, "Join", "concat", frozenset({task})))
        layers.append(LayerSpec(head, "Head", "linear", frozenset({task})))
        connections += [
            Connection("backbone", stage, "stage4"),
            Connection(stage, "stitch", "out", f"task:{task}"),
            Connection("stitch", head, f"task:{task}"),
        ]
    layers.append(LayerSpec("head_kind", "Head", "linear", frozenset({"kind"}), origin="head_mask"))
    connections.append(Connection("backbone", "head_kind", "stage4"))
    return ProjectSpec(
        name="stitch",
        inputs=(InputSpec("image", "Image"), InputSpec("range", "距离", "map", 1)),
        datasets=(
            DatasetSpec(
                "rooms", "Rooms", "nyu", "../rooms", targets=FrozenDict(depth="depth", mask="classes", kind="kind"),
                inputs=FrozenDict(range="depth"),
            ),
        ),
        tasks=(
            TaskSpec("depth", "Depth", "depth", "#4C9BE8"),
            TaskSpec("mask", "Mask", "segmentation", "#2FB98A"),
            TaskSpec("kind", "Kind", "classification", "#F2A541"),
        ),
        network=NetworkSpec(
            tuple(layers),
            tuple(connections),
            tuple(Output(task, f"head_{task}") for task in tasks),
            (LayerGroup("fusion", "Fusion", ("join_depth", "join_mask", "stitch"), False), LayerGroup("end", "End", ("head_kind",))),
        ),
        training=TrainingSettings(epochs=0, start_from="2026-11-20-1"),
        task_groups=(TaskGroup("maps", "Maps × 2", ("depth", "mask")),),
    )  # fmt: skip


GOLDEN_LANES = _stitch()
"""The project of `tests/golden/project-v2-lanes.json` and `project-v3-lanes.json`."""


def _staged() -> ProjectSpec:
    """Stages and states of tasks, which version 3 may hold."""
    stages = (
        StageSpec("Head 先", 5, tasks=("head_box",), trains="own", learning_rate=0.5, restart=True),
        StageSpec("Turns", share=2.0, order="batch", trains="thawed", depth=1),
        StageSpec(
            "Named", trains="layers", layers=("up1", "head"), old_tasks=("mask",), distillation=1.5, rehearsal=0.25
        ),
        StageSpec("Meta", meta="reptile", inner_steps=5, inner_rate=0.05),
    )
    states = {"mask": {"state": "muted"}, "species": {"patience": 4}}
    return replace(
        GOLDEN,
        tasks=tuple(replace(task, **states.get(task.id, {})) for task in GOLDEN.tasks),
        training=replace(GOLDEN.training, strategy=stages, start_from="first"),
    )


GOLDEN_STAGES = _staged()
"""The project of `tests/golden/project-v3-stages.json`."""

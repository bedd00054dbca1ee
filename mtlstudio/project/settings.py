"""The settings of a project: data preparation and training. Each field carries its own declaration."""

from __future__ import annotations

from dataclasses import dataclass, field

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.declared import parameters_of, setting
from mtlstudio.project.stages import StageSpec

__all__ = ["DataSettings", "MethodSpec", "StageSpec", "TrainingSettings", "parameters_of"]


@dataclass(frozen=True)
class MethodSpec:
    """A chosen method (optimizer, schedule, balancing, loss) and its parameters; absent ones are at their defaults."""

    method: str
    parameters: FrozenDict = field(default_factory=FrozenDict)


@dataclass(frozen=True)
class DataSettings:
    """How pictures are split, resized, standardised and augmented."""

    image_size: int = setting(
        "int", 128, mark("Image size"), mark("Side of the square that pictures are resized to, in pixels."),
        minimum=8, maximum=4096, step=16,
    )  # fmt: skip
    resize: str = setting(
        "choice", "stretch", mark("Resize"), mark("How a picture of another shape fits into the square."),
        choices=FrozenDict(stretch=mark("Stretch"), letterbox=mark("Letterbox"), crop=mark("Centre crop")),
    )  # fmt: skip
    normalisation: str = setting(
        "choice", "dataset", mark("Standardise with"), mark("Mean and deviation that pictures are standardised with."),
        choices=FrozenDict(dataset=mark("This data's own"), imagenet=mark("ImageNet's"), none=mark("Nothing")),
    )  # fmt: skip
    val_fraction: float = setting(
        "float", 0.15, mark("Validation share"), mark("Share of the training pictures kept for validation."),
        minimum=0.0, maximum=0.9, step=0.05,
    )  # fmt: skip
    test_fraction: float = setting(
        "float", 0.15, mark("Test share"), mark("Share kept for the test where the data set has no test split."),
        minimum=0.0, maximum=0.9, step=0.05,
    )  # fmt: skip
    split_seed: int = setting("int", 0, mark("Split seed"), mark("Another seed draws another split."), minimum=0)
    flip_horizontal: float = setting(
        "float", 0.5, mark("Mirror"), mark("How often a picture is mirrored left to right."),
        minimum=0.0, maximum=1.0, step=0.1,
    )  # fmt: skip
    flip_vertical: float = setting(
        "float", 0.0, mark("Turn upside down"), mark("How often a picture is mirrored top to bottom."),
        minimum=0.0, maximum=1.0, step=0.1,
    )  # fmt: skip
    crop_scale: float = setting(
        "float", 0.7, mark("Smallest crop"),
        mark("Random crops keep at least this share of the picture's area; 1 means no cropping."),
        minimum=0.05, maximum=1.0, step=0.05,
    )  # fmt: skip
    colour: float = setting(
        "float", 0.2, mark("Colour jitter"), mark("Strength of random brightness, contrast and saturation."),
        minimum=0.0, maximum=1.0, step=0.05,
    )  # fmt: skip
    workers: int = setting(
        "int", 0, mark("Loader threads"),
        mark("Threads that read pictures from the disk while it trains; 0 keeps the data in memory where they fit."),
        minimum=0, maximum=64,
    )  # fmt: skip


@dataclass(frozen=True)
class TrainingSettings:
    """How a run is trained."""

    epochs: int = setting("int", 20, mark("Epochs"), minimum=0, maximum=100000)
    batch_size: int = setting("int", 16, mark("Batch"), mark("Pictures per step."), minimum=1, maximum=65536)
    optimizer: MethodSpec = field(default=MethodSpec("adamw"))
    schedule: MethodSpec = field(default=MethodSpec("one_cycle"))
    balancing: MethodSpec = field(default=MethodSpec("fixed"))
    strategy: tuple[StageSpec, ...] = ()
    normalise_weights: bool = setting(
        "bool", True, mark("λ sum to 1"), mark("Divide the loss weights by their sum, so that only their ratio counts.")
    )
    weight_decay_schedule: str = setting(
        "choice", "constant", mark("Weight decay over time"),
        choices=FrozenDict(constant=mark("Constant"), linear=mark("Linear"), cosine=mark("Cosine")),
    )  # fmt: skip
    weight_decay_end: float = setting(
        "float", 0.0, mark("Weight decay at the end"), minimum=0.0, maximum=10.0,
        visible_if=("weight_decay_schedule", ("linear", "cosine")),
    )  # fmt: skip
    accumulate: int = setting(
        "int", 1, mark("Batches per step"),
        mark("The optimizer steps by the mean gradient of so many batches: a larger batch in the same memory."),
        minimum=1, maximum=4096,
    )  # fmt: skip
    ema: float | None = setting(
        "float", None, mark("Average weights"),
        mark("Decay of a running average of the weights, such as 0.999, which is validated and kept; automatic: none."),
        minimum=0.0, maximum=0.999999, step=0.001, optional=True,
    )  # fmt: skip
    clip_norm: float | None = setting(
        "float", None, mark("Clip gradients"), mark("Largest norm of the whole gradient; automatic means no clipping."),
        minimum=0.0, optional=True,
    )  # fmt: skip
    patience: int | None = setting(
        "int", None, mark("Early stopping"), mark("Stop after so many epochs without a better one; automatic: never."),
        minimum=1, optional=True,
    )  # fmt: skip
    best: str = setting(
        "text", "loss", mark("Best by"),
        mark("'loss', the mean of the tasks' validation losses relative to their first, or TASK.METRIC."),
    )  # fmt: skip
    precision: str = setting(
        "choice", "auto", mark("Precision"), mark("Automatic: bf16 where the GPU has it, else fp32."),
        choices=FrozenDict(auto=mark("Automatic"), fp32="fp32", bf16="bf16", fp16="fp16"),
    )  # fmt: skip
    channels_last: bool | None = setting(
        "bool", None, mark("Channels last"), mark("Memory order of feature maps; automatic measures well on most."),
        optional=True,
    )  # fmt: skip
    device: str = setting(
        "choice", "auto", mark("Device"),
        choices=FrozenDict(auto=mark("Automatic"), cpu="CPU", cuda="CUDA", mps="Apple"),
    )  # fmt: skip
    threads: int | None = setting(
        "int", None, mark("Threads"), mark("Processor threads for the arithmetic; automatic: all cores."),
        minimum=1, maximum=1024, optional=True,
    )  # fmt: skip
    compile: bool = setting(
        "bool", False, mark("Compile"),
        mark("Lets torch.compile make faster kernels of the layers; the first steps take minutes for it."),
    )  # fmt: skip
    deterministic: bool = setting("bool", False, mark("Deterministic"), mark("Only repeatable kernels; may be slower."))
    measure_every: int | None = setting(
        "int", None, mark("Measure agreement every … steps"),
        mark("How the tasks' gradients agree; automatic: so seldom that it costs no more than 3 %; 0: never."),
        minimum=0, maximum=1000000, optional=True,
    )  # fmt: skip
    affinity_every: int | None = setting(
        "int", None, mark("Affinity every … measurements"),
        mark("What a step for one task does to the losses of the others; automatic: every fourth; 0: never."),
        minimum=0, maximum=1000000, optional=True,
    )  # fmt: skip
    seed: int = setting(
        "int", 0, mark("Seed"), mark("Start weights, order and augmentation follow from it."), minimum=0
    )
    start_from: str = setting(
        "text", "", mark("Start from"),
        mark("A run whose trained weights the layers inherit, where they fit; empty: all start anew."),
    )  # fmt: skip
    checkpoint_steps: int | None = setting(
        "int", None, mark("Checkpoint every … steps"), mark("Besides the one after every epoch; automatic: none."),
        minimum=1, optional=True,
    )  # fmt: skip

"""A training in stages: which tasks count, in what order, what is trained. A plan without stages is joint throughout."""

from __future__ import annotations

from dataclasses import dataclass

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.declared import setting


@dataclass(frozen=True)
class StageSpec:
    """One stage of a training. Each field carries its own declaration.

    Attributes:
        epochs: how many; None: an equal part, times `share`, of those that the other stages leave.
        tasks: ids of those whose losses count; empty: all. The others are validated all the same.
        order: `joint`: all in every step; `batch`, `epoch`: one after another.
        trains: `all` layers; the `branches`: all but the trunk; the `own` layers of the stage's tasks; the branches
            with the end of the trunk, `thawed` so deep; or the named `layers`. All others keep their weights and the
            statistics of their normalisations.
        learning_rate: multiplies that of the run.
        restart: the schedule of the learning rate runs over this stage alone, instead of over the whole run.
        meta: `none`; `fomaml` or `reptile`: steps by what a few steps on each task alone lead to.
        old_tasks: those that the run it starts from knows already; empty: whatever tasks that run had.
        distillation: weight of keeping the old tasks' outputs as that run gives them.
        rehearsal: share of the samples whose old targets count.
    """

    name: str = setting("text", "", mark("Name"))
    epochs: int | None = setting(
        "int", None, mark("Epochs"), mark("How many; automatic: its share of those that the other stages leave."),
        minimum=1, maximum=100000, optional=True,
    )  # fmt: skip
    share: float = setting(
        "float", 1.0, mark("Share"), mark("How much of the epochs that are left, beside the other automatic stages."),
        minimum=0.001, maximum=1000.0, step=0.5,
    )  # fmt: skip
    tasks: tuple[str, ...] = setting(
        "names", (), mark("Tasks"), mark("Those whose losses count; none named: all. The others are only validated.")
    )
    order: str = setting(
        "choice", "joint", mark("Order"), mark("All tasks together in every step, or one after another by batch or by epoch."),
        choices=FrozenDict(joint=mark("Together"), batch=mark("By batch"), epoch=mark("By epoch")),
    )  # fmt: skip
    trains: str = setting(
        "choice", "all", mark("Trains"), mark(
            "All layers; all but the trunk; the own layers of its tasks; the branches with the trunk's end; or layers by id. "
            "The others keep their weights and statistics."
        ),
        choices=FrozenDict(
            all=mark("All layers"), branches=mark("Branches"), own=mark("Own layers"), thawed=mark("Trunk's end"),
            layers=mark("Named"),
        ),
    )  # fmt: skip
    depth: int = setting(
        "int", 1, mark("Thawed layers"), mark("So many layers of the trunk are trained too, counted from its end."),
        minimum=1, maximum=100000, visible_if=("trains", ("thawed",)),
    )  # fmt: skip
    layers: tuple[str, ...] = setting(
        "names", (), mark("Layers"), mark("Those that are trained."), visible_if=("trains", ("layers",))
    )
    learning_rate: float = setting(
        "float", 1.0, mark("Learning rate ×"), mark("Multiplies the learning rate of the run."),
        minimum=0.0, maximum=1000.0, step=0.1,
    )  # fmt: skip
    restart: bool = setting(
        "bool", False, mark("Schedule anew"), mark("The learning rate's schedule runs over this stage alone.")
    )
    meta: str = setting(
        "choice", "none", mark("Meta-learning"), mark("Steps by what a few steps on each task alone lead to."),
        choices=FrozenDict(none=mark("None"), fomaml=mark("First-order MAML"), reptile=mark("Reptile")),
    )  # fmt: skip
    inner_steps: int = setting(
        "int", 3, mark("Inner steps"), mark("On each task alone."), minimum=1, maximum=100,
        visible_if=("meta", ("fomaml", "reptile")),
    )  # fmt: skip
    inner_rate: float = setting(
        "float", 0.01, mark("Inner learning rate"), minimum=1e-8, maximum=100.0, step=0.01,
        visible_if=("meta", ("fomaml", "reptile")),
    )  # fmt: skip
    old_tasks: tuple[str, ...] = setting(
        "names", (), mark("Old tasks"), mark("Those that the run it starts from knows; none named: all of that run.")
    )
    distillation: float = setting(
        "float", 0.0, mark("Distillation"), mark("Weight of keeping the old tasks' outputs as that run gives them."),
        minimum=0.0, maximum=1000.0, step=0.5,
    )  # fmt: skip
    rehearsal: float = setting(
        "float", 1.0, mark("Rehearsal"), mark("Share of the samples whose targets of old tasks count."),
        minimum=0.0, maximum=1.0, step=0.1,
    )  # fmt: skip


TASK_STATES = FrozenDict(trained=mark("Trained"), muted=mark("Muted"), frozen=mark("Frozen"))
"""What a task may be: its loss counts; it does not; it does not and the task's own layers are held as they are."""

"""Edits of a project, as pure functions: project -> project.

They raise `EditRefused`, with the reason, where they make no sense. After each edit of the network these hold:

- there is no circle;
- a layer's tasks are those whose way leads through it (`mtlstudio.project.graph.reaches`); a dead layer keeps its rows,
  and what a dead layer of a task without an output hangs on keeps that task;
- for every connection a → b the tasks of b that it carries are among those of a: into the port of a single task (a lane)
  that task's alone, which b serves;
- what leaves a lane is used by that task alone;
- each task has at most one output, and no connection stands there twice;
- groups hold what is there, do not overlap, and none of layers is empty; the rows of a group of tasks are neighbours.

Sharing and splitting never change what a task's network computes, only which layers it has in common with others; but
those who share a layer between tasks see one another's features, and those who part no longer do.
"""

from mtlstudio.project.edits.common import EditRefused
from mtlstudio.project.edits.connections import connect, disconnect, set_output
from mtlstudio.project.edits.crossing import extend_crossing, insert_crossing
from mtlstudio.project.edits.fragments import Fragment, duplicate, extract, paste, paste_loose
from mtlstudio.project.edits.inputs import (
    add_input,
    add_input_layer,
    remove_input,
    rename_input,
    set_dataset_input,
    set_input,
    start_network,
)
from mtlstudio.project.edits.layer_groups import fold_group, group_layers, rename_group, ungroup
from mtlstudio.project.edits.layers import (
    add_layer,
    delete_layers,
    insert_after,
    insert_on_connection,
    move_layer,
    shift_layer,
)
from mtlstudio.project.edits.replacing import freeze_up_to, replace_layer, set_origin, swap_layers
from mtlstudio.project.edits.settings import (
    add_dataset,
    remove_dataset,
    rename_project,
    replace_network,
    set_data,
    set_dataset,
    set_training,
)
from mtlstudio.project.edits.sharing import each_its_own, share, share_among, split_off, unshare
from mtlstudio.project.edits.split_point import SplitPosition, set_split_point, split_positions
from mtlstudio.project.edits.stages import add_stage, move_stage, remove_stage, set_stage, set_strategy, tidy_stages
from mtlstudio.project.edits.task_groups import (
    fold_tasks,
    group_tasks,
    move_task_group,
    rename_task_group,
    suggest_task_groups,
    ungroup_tasks,
)
from mtlstudio.project.edits.tasks import (
    add_task,
    attach_head,
    move_task,
    remove_task,
    rename_task,
    set_loss_weights,
    set_task,
)
from mtlstudio.project.edits.values import (
    rename_layer,
    set_bypassed,
    set_frozen,
    set_learning_rate_factor,
    set_parameters,
)

__all__ = [
    "EditRefused", "Fragment", "SplitPosition", "add_dataset", "add_input", "add_input_layer", "add_layer",
    "add_stage", "add_task", "attach_head", "connect", "delete_layers", "disconnect", "duplicate", "each_its_own",
    "extend_crossing", "extract", "fold_group", "fold_tasks", "freeze_up_to", "group_layers", "group_tasks",
    "insert_after", "insert_crossing", "insert_on_connection", "move_layer", "move_stage", "move_task",
    "move_task_group", "paste", "paste_loose", "remove_dataset", "remove_input", "remove_stage", "remove_task",
    "rename_group", "rename_input", "rename_layer", "rename_project", "rename_task", "rename_task_group",
    "replace_layer", "replace_network", "set_bypassed", "set_data", "set_dataset", "set_dataset_input",
    "set_frozen", "set_input", "set_learning_rate_factor", "set_loss_weights", "set_origin", "set_output",
    "set_parameters", "set_split_point", "set_stage", "set_strategy", "set_task", "set_training", "share",
    "share_among", "shift_layer", "split_off", "split_positions", "start_network", "suggest_task_groups",
    "swap_layers", "tidy_stages", "ungroup", "ungroup_tasks", "unshare",
]  # fmt: skip

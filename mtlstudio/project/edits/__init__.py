"""Edits of a project, as pure functions: project -> project.

They raise `EditRefused`, with the reason, where they make no sense. After each edit of the network these hold:

- there is no circle;
- a layer's tasks are those whose output depends on it; a dead layer keeps its rows;
- for every connection a → b the tasks of b are among those of a;
- each task has at most one output, and no connection stands there twice.

Sharing and splitting never change what a task's network computes, only which layers it has in common with others.
"""

from mtlstudio.project.edits.common import EditRefused
from mtlstudio.project.edits.connections import connect, disconnect, set_output
from mtlstudio.project.edits.fragments import Fragment, extract, paste
from mtlstudio.project.edits.layers import (
    add_layer,
    delete_layers,
    insert_after,
    insert_on_connection,
    move_layer,
    shift_layer,
)
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
    "EditRefused", "Fragment", "SplitPosition", "add_dataset", "add_layer", "add_task", "attach_head", "connect",
    "delete_layers", "disconnect", "each_its_own", "extract", "insert_after", "insert_on_connection", "move_layer",
    "move_task", "paste", "remove_dataset", "remove_task", "rename_layer", "rename_project", "rename_task",
    "replace_network", "set_bypassed", "set_data", "set_dataset", "set_frozen", "set_learning_rate_factor",
    "set_loss_weights", "set_output", "set_parameters", "set_split_point", "set_task", "set_training", "share",
    "share_among", "shift_layer", "split_off", "split_positions", "unshare",
]  # fmt: skip

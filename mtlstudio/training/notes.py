"""What a training may remark upon (`Noted`), and what it may end with."""

from __future__ import annotations

from mtlstudio.base.texts import mark
from mtlstudio.project.problems import declare

NO_VALIDATION = declare(
    "training_no_validation",
    mark("There are no validation pictures: the best epoch is judged by the training losses."),
    mark("Raise the validation share, or give the data set a validation split."),
)
NO_LABELS = declare(
    "training_no_labels",
    mark("No training picture has a target of {task}: it learns nothing."),
    mark("Add labels, or remove the task."),
)
NO_VALIDATION_LABELS = declare(
    "training_no_validation_labels",
    mark("No validation picture has a target of {task}: the best epoch is judged without it."),
    mark("Add labels to the validation pictures, or share the pictures out otherwise."),
)
BATCH_CUT = declare(
    "training_batch_cut", mark("The batch of {wanted} is larger than the training split: it is cut to {used}.")
)
MORE_FINDINGS = declare(
    "training_more_findings", mark("{n} more findings about the data."), mark("See the Data workspace.")
)
WEIGHTS_TAKEN = declare(
    "training_weights_taken", mark("{layer}: {taken} pretrained weights were taken; {unused} in the file are not used.")
)
WEIGHTS_PARTLY = declare(
    "training_weights_partly",
    mark("{layer}: {taken} pretrained weights were taken, {anew} did not fit and start anew."),
)
INHERITED = declare(
    "training_inherited",
    mark("Start weights from {run}, step {step}: {whole} layers take all of theirs, {partly} a part, {anew} none."),
)
INHERITED_COPY = declare("training_inherited_copy", mark("“{layer}” takes a copy of the weights of “{source}”."))
INHERITED_PARTLY = declare(
    "training_inherited_partly",
    mark("“{layer}” takes {taken} weights from “{source}”, {anew} start anew: {reason}."),
)
STARTED_ANEW = declare("training_started_anew", mark("“{layer}” starts anew: {reason}."))
WEIGHTS_LOST = declare(
    "training_weights_lost", mark("The weights of “{layer}” in {run} are lost: no layer here takes them.")
)
WEIGHTS_REPLACED = declare(
    "training_weights_replaced", mark("The weights of “{layer}” in {run} are lost: “{other}” has others.")
)
DATA_CHANGED = declare(
    "training_data_changed",
    mark("The data has changed since this run was started: its further losses differ from those of an unbroken run."),
)
EXTENDED = declare(
    "training_extended",
    mark("The run now has {after} epochs instead of {before}: its schedules are stretched to the new length."),
)
COMPLETE = declare(
    "training_complete",
    mark("This run has finished its {epochs} epochs."),
    mark("To go on, ask for more epochs."),
)
CHECKPOINT_SKIPPED = declare(
    "training_checkpoint_skipped",
    mark("The checkpoint of step {step} is damaged: the run goes on from an older one."),
)
DEVICE_CHANGED = declare(
    "training_device_changed",
    mark("The run was begun on {before} and goes on on {after}: losses can differ in the last digits."),
)
RANKS = declare(
    "training_ranks",
    mark("{n} processes train together ({hosts}): each takes its part of every batch, {first} writes the run."),
)
RANKS_BATCH_NORM = declare(
    "training_ranks_batch_norm",
    mark("Batch norm normalises each process's part of a batch by itself: results differ from those of one process."),
    mark("On GPUs it is synchronised; on the processor take another norm."),
)
RANKS_CHANGED = declare(
    "training_ranks_changed",
    mark("The run was begun with {before} processes and goes on with {after}: losses can differ in the last digits."),
)
SOLVER_FAILED = declare(
    "training_solver_failed",
    mark("In {n} steps of this epoch the method's problem had no solution: the mean of the gradients was taken."),
)
STEPS_PASSED_OVER = declare(
    "training_steps_passed_over",
    mark("In {n} steps of this epoch a loss left the range of half precision: the weights did not take them up."),
    mark("If that goes on, choose bf16 or fp32."),
)
NO_CLEAN_SPLIT = declare(
    "training_no_clean_split",
    mark("The tasks do not part at one place of this network: gradients are compared at the shared weights instead."),
)
NO_AFFINITY = declare(
    "training_no_affinity",
    mark("How related the tasks are has not been measured: they get equal weights."),
    mark("Name the run in which it was measured, or enter it as the method's affinity."),
)
AFFINITY_UNMEASURED = declare(
    "training_affinity_unmeasured",
    mark("In {run} no affinity of these tasks was measured: they get equal weights."),
    mark("Name a run that measured it (training.affinity_every)."),
)
WRONG_AFFINITY = declare(
    "training_wrong_affinity",
    mark("The affinity has {n} numbers instead of {wanted}, a row per task: the tasks get equal weights."),
)
WEIGHTS_COLLAPSED = declare(
    "training_weights_collapsed",
    mark(
        "The free λ have collapsed: {task} holds {share} % of what is left, and their sum is {total} × that of the start."
    ),
    mark("Choose a method that cannot win by weighing losses down."),
)
WOKEN = declare(
    "training_woken", mark("All tasks had been laid to rest: {tasks} are trained again, and may rest as before.")
)
FORGETTING = declare(
    "training_forgetting", mark("{task}: {metric} {before} before, {after} now: {forgetting} is forgotten.")
)
INTRANSIGENCE = declare(
    "training_intransigence",
    mark(
        "{task}, new: {metric} {value}. {run}, which trained it jointly from the start, has {reference}: "
        "{intransigence} short."
    ),
)
INTRANSIGENCE_ALONE = declare(
    "training_intransigence_alone",
    mark(
        "{task}, new: {metric} {value}. {run}, which trained it alone from the start, has {reference}: "
        "{intransigence} short."
    ),
)
NEW_TASK = declare(
    "training_new_task",
    mark("{task}, new: {metric} {value}. No run trained it from the start, to compare with."),
)
OTHER_SPLIT = declare(
    "training_other_split", mark("{run} was validated on other pictures: what is forgotten is only an estimate.")
)
META_PLAIN = declare(
    "training_meta_plain",
    mark("In stages of meta-learning the tasks are weighed by λ alone: the balancing method works in the others."),
)
NOT_COMPILED = declare(
    "training_not_compiled",
    mark("torch.compile does not work here, the layers run as they are: {reason}"),
    mark("It needs a C++ compiler on the processor, Triton on CUDA."),
)
NO_VALIDATION_BATCH = declare(
    "training_no_validation_batch",
    mark("There are no validation pictures: λ is judged by the training batches."),
)

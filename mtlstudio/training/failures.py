"""What can end a run, in plain words."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mtlstudio.base.declare import complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.logs import log_traceback
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.checkpoints import NotFinite
from mtlstudio.training.devices import DeviceError
from mtlstudio.training.optimizers import optimizers
from mtlstudio.training.ranks import RankLost
from mtlstudio.training.room import room_of, smaller_batch, way_out
from mtlstudio.training.setup import DataError

MEMORY, NAN = "memory", "nan"
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_ONE_VALUE = "Expected more than 1 value per channel when training"


@dataclass(frozen=True)
class Failure:
    """Why a run could not go on; fields as in `RunFailed`."""

    code: str
    message: str
    fix: str = ""
    proposal: dict[str, Any] = field(default_factory=dict)


def explain(error: Exception, batch_size: int, reading_data: bool) -> Failure:
    """The failure in the user's language; what nobody foresaw goes to a log file, which is named.

    Args:
        error: what was raised.
        batch_size: of the run, for the proposal of a smaller one.
        reading_data: it happened while the data was read.
    """
    if _is_out_of_memory(error) or _is_out_of_memory(error.__cause__):
        found = smaller_batch(batch_size)
        return Failure(MEMORY, found.message, found.fix, found.fields)
    system = error if isinstance(error, OSError) else error.__cause__
    if isinstance(system, OSError) and system.errno in _FULL:
        place = system.filename or getattr(error, "where", "")
        message = tr(mark("The disk is full: {path}."), path=place) if place else tr(mark("The disk is full."))
        return Failure("disk", message, tr(mark("Free some space, then resume the run.")))
    if isinstance(error, StudioError):
        code = _code(error, reading_data)
        what = tr(error.message, **error.values)
        message = f"{error.where}: {what}" if error.where else what
        return Failure(code, message, tr(error.fix, **error.values) if error.fix else "")
    if isinstance(error, OSError):
        reason = f"{error.strerror or error}: {error.filename}" if error.filename else str(error.strerror or error)
        message = tr(mark("A file could not be read or written: {reason}."), reason=reason)
        return Failure("data" if reading_data else "disk", message, tr(mark("Mend that, then resume the run.")))
    if _ONE_VALUE in str(error):
        return Failure(
            "data",
            tr(mark("Batch norm cannot learn from a single value per channel: this batch is one picture.")),
            tr(mark("Take a larger batch or more pictures, or another norm.")),
        )
    if _is_device_error(error):
        log = log_traceback(error)
        return Failure(
            "device",
            tr(mark("The GPU reported an error and cannot be used any more by this program. Details: {log}"), log=log),
            tr(mark("Restart the program, then resume the run.")),
        )
    log = log_traceback(error)
    return Failure("error", tr(mark("Something unexpected went wrong. Details: {log}"), log=log))


def folder_gone(path: Path) -> Failure:
    """The folder of the run was moved or deleted while it was trained."""
    return Failure(
        "disk", tr(mark("The folder of the run is gone: {path}."), path=path),
        tr(mark("If it was moved, open the project where it lies now and resume the run there.")),
    )  # fmt: skip


def with_proposal(failure: Failure, spec: ProjectSpec, device: str) -> Failure:
    """The failure with what a new run could try instead. Where the memory did not suffice that is estimated: to be called
    once what the training held is let go of, for it wants a little memory itself.

    Args:
        spec: of the run.
        device: cpu, cuda or mps.
    """
    if failure.code == MEMORY:
        found = way_out(spec, device, room_of(device))
        return Failure(MEMORY, found.message, found.fix, found.fields)
    if failure.code == NAN:
        return replace(failure, proposal=_calmer(spec))
    return failure


def _calmer(spec: ProjectSpec) -> dict[str, Any]:
    """A tenth of the learning rate, and clipped gradients."""
    optimizer = next((item for item in optimizers() if item.id == spec.training.optimizer.method), None)
    values = complete(optimizer.parameters, spec.training.optimizer.parameters) if optimizer is not None else {}
    fields: dict[str, Any] = {}
    if values.get("learning_rate"):
        fields["training.optimizer.learning_rate"] = float(f"{values['learning_rate'] / 10:.6g}")
    if spec.training.clip_norm is None:
        fields["training.clip_norm"] = 1.0
    return fields


def _code(error: StudioError, reading_data: bool) -> str:
    if isinstance(error, NotFinite):
        return NAN
    if isinstance(error, DeviceError):
        return "device"
    if isinstance(error, RankLost):
        return "rank"
    return "data" if reading_data or isinstance(error, DataError) else "error"


def _is_out_of_memory(error: BaseException | None) -> bool:
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and ("can't allocate memory" in text or "out of memory" in text)


def _is_device_error(error: Exception) -> bool:
    import torch

    sticky = getattr(torch, "AcceleratorError", None)
    if sticky is not None and isinstance(error, sticky):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and any(word in text for word in ("CUDA error", "cuDNN error", "CUBLAS_"))

"""What can end a run, in plain words."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from mtlstudio.base.errors import StudioError
from mtlstudio.base.logs import log_traceback
from mtlstudio.base.texts import mark, tr
from mtlstudio.training.checkpoints import NotFinite
from mtlstudio.training.devices import DeviceError
from mtlstudio.training.setup import DataError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_ONE_VALUE = "Expected more than 1 value per channel when training"


@dataclass(frozen=True)
class Failure:
    """Why a run could not go on; fields as in `RunFailed`."""

    code: str
    message: str
    fix: str = ""


def explain(error: Exception, batch_size: int, reading_data: bool) -> Failure:
    """The failure in the user's language; what nobody foresaw goes to a log file, which is named.

    Args:
        error: what was raised.
        batch_size: of the run, for the proposal of a smaller one.
        reading_data: it happened while the data was read.
    """
    if _is_out_of_memory(error):
        return _out_of_memory(batch_size)
    system = error if isinstance(error, OSError) else error.__cause__
    if isinstance(system, OSError) and system.errno in _FULL:
        return Failure("disk", tr(mark("The disk is full.")), tr(mark("Free some space, then resume the run.")))
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


def _code(error: StudioError, reading_data: bool) -> str:
    if isinstance(error, NotFinite):
        return "nan"
    if isinstance(error, DeviceError):
        return "device"
    return "data" if reading_data or isinstance(error, DataError) else "error"


def _out_of_memory(batch_size: int) -> Failure:
    message = tr(mark("The memory does not suffice for this network and a batch of {size}."), size=batch_size)
    if batch_size > 1:
        return Failure("memory", message, tr(mark("Try a batch of {size}."), size=max(1, batch_size // 2)))
    return Failure("memory", message, tr(mark("Take smaller pictures or a smaller network.")))


def _is_out_of_memory(error: Exception) -> bool:
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

"""The formats that a network can be taken away in, and what an export reports. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, ntr, tr


@dataclass(frozen=True)
class ExportFormat:
    """A format.

    Attributes:
        id: as on the command line.
        name, summary: marked for translation.
        suffix: of its main file.
        needs: packages beyond those that the program always has.
        needs_run: it is nothing without trained weights.
    """

    id: str
    name: str
    summary: str
    suffix: str
    needs: tuple[str, ...] = ()
    needs_run: bool = True

    def missing(self) -> tuple[str, ...]:
        """The packages that it needs and that are not installed."""
        return tuple(package for package in self.needs if find_spec(package) is None)

    def lacks(self) -> str:
        """Why it cannot be had here, as a sentence for people; empty where it can."""
        return self.refusal().text() if self.missing() else ""

    def refusal(self) -> StudioError:
        """The error that says what must be installed."""
        return StudioError(
            mark("{format} needs packages that are not installed: {packages}"),
            fix=mark('Install them: pip install "mtlstudio[export]"'),
            format=self.name,
            packages=", ".join(self.missing()),
        )


_FORMATS = (
    ExportFormat(
        "python", "Python", mark("Readable PyTorch: the network, its losses and a training loop; needs only torch."),
        ".py", needs_run=False,
    ),
    ExportFormat(
        "onnx", "ONNX", mark("For other programs and devices; any batch size, one output per task."), ".onnx",
        ("onnx", "onnxscript", "onnxruntime"),
    ),
    ExportFormat(
        "safetensors", "safetensors", mark("The weights alone, by the names of the Python export."), ".safetensors"
    ),
    ExportFormat(
        "torch", "torch.export", mark("A program that torch runs without the network's Python; any batch size."), ".pt2"
    ),
)  # fmt: skip


def export_formats() -> tuple[ExportFormat, ...]:
    """All formats there are."""
    return _FORMATS


def export_format(format_id: str) -> ExportFormat:
    """The format of that id. Raises KeyError where there is none."""
    for format_ in _FORMATS:
        if format_.id == format_id:
            return format_
    raise KeyError(format_id)


@dataclass(frozen=True)
class ExportResult:
    """What was written, and how well it agrees with the live network.

    Attributes:
        format: id of the format.
        files: what was written, the main file first.
        differences: task id -> largest absolute difference from the live network's output on random input.
        batch_sizes: that were compared.
        with_weights: the trained weights are in it (or in a file beside it).
        run: id of the run; "" for a design without one.
        seconds: how long it took.
        notes: sentences for people: what could not be said in this format.
    """

    format: str
    files: tuple[Path, ...]
    differences: Mapping[str, float] = field(default_factory=dict)
    batch_sizes: tuple[int, ...] = ()
    with_weights: bool = True
    run: str = ""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def largest_difference(self) -> float:
        """Over all tasks."""
        return max(self.differences.values(), default=0.0)

    def text(self) -> str:
        """What to tell people when it is done."""
        return tr(
            "{file}: written and compared with the live network on {sizes}, largest difference {difference:.1e}",
            file=self.files[0].name,
            sizes=ntr("{n} random picture", "{n} random pictures", sum(self.batch_sizes)),
            difference=self.largest_difference,
        )

    def as_json(self) -> dict[str, object]:
        """Plain values for `--json`."""
        return {
            "format": self.format, "files": [str(path) for path in self.files], "run": self.run or None,
            "weights": self.with_weights, "verified": True, "batch_sizes": list(self.batch_sizes),
            "differences": dict(self.differences), "largest_difference": self.largest_difference,
            "seconds": self.seconds, "notes": list(self.notes),
        }  # fmt: skip

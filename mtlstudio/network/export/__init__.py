"""Taking a network away: as Python, ONNX, safetensors, or a `torch.export` program; each is verified before it is done."""

from __future__ import annotations

from mtlstudio.network.export.formats import ExportFormat, ExportResult, export_format, export_formats

__all__ = ["ExportFormat", "ExportResult", "export_format", "export_formats"]

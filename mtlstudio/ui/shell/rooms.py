"""The five rooms of the window: what each declares, and where its class is (imported when it is first entered)."""

from __future__ import annotations

from mtlstudio.base.texts import mark
from mtlstudio.ui.shell.workspace import WorkspaceDeclaration

WORKSPACES: tuple[tuple[WorkspaceDeclaration, str, str], ...] = (
    (WorkspaceDeclaration("data", mark("Data"), "data", ("data.add",)), "mtlstudio.ui.data.workspace", "DataWorkspace"),
    (
        WorkspaceDeclaration("design", mark("Design"), "design", ("design.analyze", "train.start")),
        "mtlstudio.ui.design.workspace", "DesignWorkspace",
    ),
    (
        WorkspaceDeclaration("train", mark("Train"), "train", ("train.stop", "train.pause", "train.start")),
        "mtlstudio.ui.train.workspace", "TrainWorkspace",
    ),
    (
        WorkspaceDeclaration("inspect", mark("Inspect"), "inspect", ("inspect.export", "inspect.open")),
        "mtlstudio.ui.inspect.workspace", "InspectWorkspace",
    ),
    (
        WorkspaceDeclaration("compare", mark("Compare"), "compare", ("compare.report", "compare.baselines")),
        "mtlstudio.ui.compare.workspace", "CompareWorkspace",
    ),
)  # fmt: skip

"""Which samples the gallery shows: pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mtlstudio.ui.data.records import Record, Table


@dataclass(frozen=True)
class Filter:
    """What a sample must be to be shown; all that is said must hold.

    Attributes:
        split: train, val, test; "" any.
        dataset: index of the data set; None any.
        task, label: it belongs to this class (index) of this task; None any.
        missing: tasks it has no target for.
        findings: something was found about it.
        keys: it is one of these; None any.
    """

    split: str = ""
    dataset: int | None = None
    task: str = ""
    label: int | None = None
    missing: frozenset[str] = frozenset()
    findings: bool = False
    keys: frozenset[str] | None = None

    def admits(self, record: Record, noticed: Collection[str] = ()) -> bool:
        """Whether a sample is shown; `noticed`: keys that something was found about."""
        return (
            (not self.split or record.item.split == self.split)
            and (self.dataset is None or record.item.dataset == self.dataset)
            and (self.label is None or self.label in record.classes.get(self.task, ()))
            and not (self.missing & record.present)
            and (not self.findings or record.key in noticed)
            and (self.keys is None or record.key in self.keys)
        )

    def chosen(self, table: Table, noticed: Collection[str] = ()) -> list[Record]:
        """The samples shown, in order."""
        return [record for record in table.records if self.admits(record, noticed)]

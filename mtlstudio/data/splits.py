"""Who trains, who validates, who tests: as the data set gives it, the rest stratified and seeded.

Within a class the pictures are ordered by a hash of seed and key, so that a split is the same on every machine and
version, whatever the order of the files.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

from mtlstudio.data.interface import SPLITS, Sample
from mtlstudio.project.settings import DataSettings

Stratum = Callable[[Sample], Hashable]


def assign(samples: Sequence[Sample], settings: DataSettings, stratum: Stratum) -> list[str]:
    """The split of each sample.

    Samples that the data set gives no split are dealt to train, validation and test by the settings' shares. Where it
    gives splits but one of validation and test is empty, that one is taken from the training samples.

    A share above 0 gets at least one sample while one remains to train with; a class keeps one for training before
    any goes elsewhere, as far as the shares allow.
    """
    splits = [sample.split if sample.split in SPLITS else None for sample in samples]
    given = {split for split in splits if split}
    pool = [i for i, split in enumerate(splits) if split is None]
    if given:  # one of the given ones may be missing altogether
        pool += [i for i, split in enumerate(splits) if split == "train"]
    result = [split or "train" for split in splits]
    if "test" not in given or any(split is None for split in splits):
        source = pool if "test" not in given else [i for i in pool if splits[i] is None]
        pool = _take("test", source, pool, settings.test_fraction, samples, settings, stratum, result)
    if "val" not in given or any(split is None for split in splits):
        source = pool if "val" not in given else [i for i in pool if splits[i] is None]
        _take("val", source, pool, settings.val_fraction, samples, settings, stratum, result)
    return result


def _take(
    split: str, source: list[int], pool: list[int], share: float, samples: Sequence[Sample], settings: DataSettings,
    stratum: Stratum, result: list[str],
) -> list[int]:  # fmt: skip
    """Gives a share of `source` to a split; returns what is left of `pool`."""
    keep = 2 if split == "test" else 1  # one to train with and, before the test, one to validate with
    count = min(max(1, round(share * len(source))) if share > 0 else 0, max(0, len(pool) - keep))
    taken = set(
        stratified([(i, stratum(samples[i]), samples[i].key) for i in source], count, settings.split_seed, split)
    )
    for i in taken:
        result[i] = split
    return [i for i in pool if i not in taken]


def stratified(items: Sequence[tuple[int, Hashable, str]], count: int, seed: int, salt: str) -> list[int]:
    """`count` of the items (index, stratum, key), each stratum in proportion, as indices.

    Shares are rounded by largest remainders; a stratum gives up its last item only when the others have run out.
    """
    groups: dict[Hashable, list[tuple[str, int]]] = defaultdict(list)
    for index, group, key in items:
        groups[group].append((_mixed(seed, salt, key), index))
    total = len(items)
    if not total or count <= 0:
        return []
    members = [sorted(group) for group in groups.values()]
    exact = [count * len(group) / total for group in members]
    quotas = [min(int(share), max(len(group) - 1, 0)) for share, group in zip(exact, members, strict=True)]
    while sum(quotas) < count:
        candidates = [i for i, group in enumerate(members) if quotas[i] < len(group) - 1]
        candidates = candidates or [i for i, group in enumerate(members) if quotas[i] < len(group)]
        if not candidates:
            break
        neediest = max(candidates, key=lambda i: (exact[i] - quotas[i], len(members[i]), members[i][0][0]))
        quotas[neediest] += 1
    return [index for group, quota in zip(members, quotas, strict=True) for _, index in group[:quota]]


def _mixed(seed: int, salt: str, key: str) -> str:
    return hashlib.blake2b(f"{seed}/{salt}/{key}".encode(), digest_size=8).hexdigest()

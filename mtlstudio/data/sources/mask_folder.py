"""Pictures with a folder of masks beside them, in the many forms such data sets are published in.

CamVid (`train`, `trainannot`), PASCAL VOC (`JPEGImages`, `SegmentationClass`, `ImageSets`), ADE20K (`images/training`,
`annotations/training`), Kvasir-SEG (`images`, `masks`), DRIVE (`training/images`, `training/1st_manual`), CHASE_DB1
(`x.jpg`, `x_1stHO.png`), ISIC, Penn-Fudan and the like. Depth maps beside the pictures are another target.
Pictures without a mask are missing that target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.data import findings as f
from mtlstudio.data.depthmaps import read_depth, scale_of
from mtlstudio.data.filesource import FileSource
from mtlstudio.data.folders import check_folder
from mtlstudio.data.interface import Layout, Sample, Source, TargetInfo
from mtlstudio.data.labelfiles import ClassNames, class_names
from mtlstudio.data.masks import IGNORED, ClassTable, fitted, table_of
from mtlstudio.data.maskscan import MOST_SCANNED, camvid, classes_of, scan
from mtlstudio.data.namewords import DEPTHS, MASKS
from mtlstudio.data.pairing import Pair, Pairing, find_pairs
from mtlstudio.data.splitlists import split_lists
from mtlstudio.project.problems import Problem, Severity

_CAMVID_FOLDERS = ("trainannot", "valannot", "testannot")
_QUICK_FOLDERS, _QUICK_FILES, _QUICK_MASKS = 300, 60, 3


class MaskFolder(Layout):
    id = "mask_folder"
    name = mark("Images and masks")
    summary = mark(
        "A folder of images with a folder of masks (or depth maps) beside it, split into train, val and test or not."
    )
    parameters = (
        Parameter(
            "classes", "names", (), mark("Classes"),
            mark("What the masks' values mean, such as mask: 1 = pet, mask: #ff0000 = car, mask: 255 = - (ignored)."),
        ),
        Parameter(
            "depth_scale", "float", None, mark("Depth scale"), mark("What one step of stored depth is; automatic: found."),
            minimum=0.0, optional=True,
        ),
    )  # fmt: skip

    def recognise(self, folder: Path) -> float:
        pairing = find_pairs(folder, _QUICK_FOLDERS, _QUICK_FILES)
        matched = sum(bool(pair.maps) for pair in pairing.pairs)
        if not matched or not any(_is_real(folder, pairing, kind) for kind in pairing.kinds):
            return 0.0
        return 0.8 if matched >= len(pairing.lost) else 0.5

    def settle(self, folder: Path) -> dict[str, Any]:
        """The classes of all masks; the scale of depth maps."""
        check_folder(folder)
        pairing = _pairs(folder)
        depths = [path for kind, role in pairing.kinds.items() if role == DEPTHS for path in _files(pairing, kind)]
        return {"classes": _classes(folder, pairing), **({"depth_scale": scale_of(depths)} if depths else {})}

    def open(self, folder: Path | None, parameters: Mapping[str, Any]) -> Source:
        if folder is None:
            raise StudioError(mark("this data set needs a folder"))
        check_folder(folder)
        pairing = _pairs(folder)
        entries = tuple(parameters.get("classes") or _classes(folder, pairing))
        scale = parameters.get("depth_scale")
        tables = {kind: table_of(kind, entries) for kind, role in pairing.kinds.items() if role == MASKS}
        tables = {kind: table for kind, table in tables.items() if len(table.names) > 1}
        if scale is None:
            depths = [path for kind, role in pairing.kinds.items() if role == DEPTHS for path in _files(pairing, kind)]
            scale = scale_of(depths)
        return _MaskSource(folder, pairing, tables, float(scale))


class _MaskSource(FileSource):
    def __init__(self, folder: Path, pairing: Pairing, tables: Mapping[str, ClassTable], scale: float) -> None:
        self._tables, self._scale = dict(tables), scale
        targets = [_target(kind, role, tables.get(kind)) for kind, role in pairing.kinds.items()]
        self._kinds = [target.id for target in targets if target is not None]
        samples, found = _samples(folder, pairing, self._kinds)
        known = [target for target in targets if target is not None]
        super().__init__(known, samples, [*found, *_findings(folder, pairing, tables)])

    def read_target(self, sample: Sample, target_id: str, width: int, height: int) -> Any:
        path = self.target_file(sample, target_id)
        if path is None:
            return None
        table = self._tables.get(target_id)
        values = read_depth(path, self._scale) if table is None else table.read(path)
        return fitted(values, width, height, path)

    def target_file(self, sample: Sample, target_id: str) -> Path | None:
        file = sample.extra.get(target_id)
        return None if file is None else Path(file)


def _pairs(folder: Path) -> Pairing:
    pairing = find_pairs(folder)
    if not any(pair.maps for pair in pairing.pairs):
        raise StudioError(
            mark("no picture with a mask is in this folder"), where=str(folder),
            fix=mark("Pictures and masks must have the same names, in folders such as images and masks."),
        )  # fmt: skip
    return pairing


def _files(pairing: Pairing, kind: str) -> list[Path]:
    return [pair.maps[kind] for pair in pairing.pairs if kind in pair.maps]


def _is_real(folder: Path, pairing: Pairing, kind: str) -> bool:
    """What lies there looks like masks or maps, and is not a second set of photographs."""
    few = _files(pairing, kind)[:_QUICK_MASKS]
    return pairing.kinds[kind] == DEPTHS or classes_of(scan(few), _told(folder, few[0])) is not None


def _classes(folder: Path, pairing: Pairing) -> tuple[str, ...]:
    """The classes of all masks, found by looking at them and at files of names beside them."""
    entries: list[str] = []
    for kind, role in pairing.kinds.items():
        if role == MASKS:
            files = _files(pairing, kind)
            entries += [entry.text(kind) for entry in classes_of(scan(files), _told(folder, files[0])) or ()]
    return tuple(entries)


def _told(folder: Path, mask: Path) -> ClassNames | None:
    """What a file of names says that lies beside the masks or above them."""
    places = [place for place in mask.parents if place == folder or folder in place.parents]
    told = class_names([*places, mask.parent.parent])
    return camvid() if told is None and mask.parent.name in _CAMVID_FOLDERS else told


def _target(kind: str, role: str, table: ClassTable | None) -> TargetInfo | None:
    words = kind.replace("_", " ")
    if role == DEPTHS:
        return TargetInfo(kind, mark("Depth") if kind == "depth" else words.capitalize(), "depth", FrozenDict(unit="m"))
    if table is None:
        return None
    parameters = FrozenDict(class_names=table.names, ignore_index=table.ignore)
    return TargetInfo(kind, mark("Mask") if kind == "mask" else words.capitalize(), "segmentation", parameters)


def _samples(folder: Path, pairing: Pairing, kinds: Sequence[str]) -> tuple[list[Sample], list[Problem]]:
    places = dict.fromkeys(pair.picture.parent for pair in pairing.pairs)
    lists = {} if any(pair.split for pair in pairing.pairs) else split_lists(folder, places)
    stems = {pair.picture.stem for pair in pairing.pairs}
    lists = {name: split for name, split in lists.items() if name in stems}
    whole = "train" in lists.values()
    samples: list[Sample] = []
    unlisted: list[str] = []
    keys: set[str] = set()
    for pair in pairing.pairs:
        split = pair.split or lists.get(pair.picture.stem) or ("train" if lists and not whole else None)
        if lists and split is None:
            unlisted.append(pair.picture.name)
            continue
        maps = {kind: str(path) for kind, path in pair.maps.items() if kind in kinds}
        samples.append(Sample(_key(pair, keys), split, pair.picture, frozenset(maps), extra=FrozenDict(maps)))
    return samples, [f.of_names(f.UNLISTED, unlisted)] if unlisted else []


def _key(pair: Pair, taken: set[str]) -> str:
    """The picture's path without its ending; with it where two differ in nothing else."""
    key = pair.key if pair.key not in taken else pair.key + pair.picture.suffix
    taken.add(key)
    return key


def _findings(folder: Path, pairing: Pairing, tables: Mapping[str, ClassTable]) -> list[Problem]:
    found: list[Problem] = []
    if pairing.lost:
        found.append(f.of_names(f.LOST_MASKS, [path.relative_to(folder).as_posix() for path in pairing.lost]))
    if pairing.left_out:
        names = [path.relative_to(folder).as_posix() for path in pairing.left_out]
        found.append(f.of_names(f.NO_MASKS_BESIDE, names, Severity.NOTE))
    for kind, role in pairing.kinds.items():
        if role == MASKS and kind not in tables:
            found.append(f.warning(f.NOT_MASKS, "dataset", target=kind))
    for kind, table in tables.items():
        found.extend(_table_findings(kind, table, len(_files(pairing, kind))))
    return found


def _table_findings(kind: str, table: ClassTable, count: int) -> list[Problem]:
    found: list[Problem] = []
    last = table.classes[-1]
    ignored = [entry for entry in table.classes if entry.name == IGNORED]
    if any(entry.colour is not None or entry.low not in (255, 65535) for entry in ignored):
        values = ", ".join(entry.value_text() for entry in ignored)
        found.append(f.note(f.VALUES_IGNORED, "dataset", target=kind, values=values))
    kept = [entry for entry in table.classes if entry.name != IGNORED and entry.colour is None]
    if last.colour is None and last.high == 65535:
        found.append(f.note(f.INSTANCES, "dataset", target=kind))
    elif last.colour is None and (last.low, last.high) == (128, 255):
        found.append(f.note(f.THRESHOLDED, "dataset", target=kind))
    elif any(entry.low != table.names.index(entry.name) for entry in kept):
        values = ", ".join(str(entry.low) for entry in kept)
        indices = ", ".join(str(table.names.index(entry.name)) for entry in kept)
        found.append(f.note(f.VALUES_RENUMBERED, "dataset", target=kind, found=values, kept=indices))
    if count > MOST_SCANNED:
        found.append(f.note(f.SCANNED_PART, "dataset", scanned=MOST_SCANNED, n=count))
    return found


LAYOUT = MaskFolder()

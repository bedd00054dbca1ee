"""The Oxford-IIIT Pet data set (Parkhi et al., CVPR 2012): species, breed, pet mask, head box.

As published: `images/*.jpg`, `annotations/{list,trainval,test}.txt`, `annotations/trimaps/*.png`,
`annotations/xmls/*.xml`; `images` may also lie beside, above or twice inside. Pictures in no list are left out.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.data import findings as f
from mtlstudio.data.filesource import FileSource
from mtlstudio.data.folders import by_stem, check_folder, entries, images_in, is_image, natural, subfolders
from mtlstudio.data.formats import misnamed
from mtlstudio.data.interface import Layout, Sample, Source, TargetInfo
from mtlstudio.data.masks import IGNORE, IGNORED, ClassTable, MaskClass, fitted
from mtlstudio.project.problems import Problem, Severity

_LISTS = ("list.txt", "trainval.txt", "test.txt")
_LINE = re.compile(r"^(\S+)\s+(\d+)\s+([12])\s+(\d+)$")
_SPECIES = {1: "cat", 2: "dog"}
_TRIMAP = ClassTable((MaskClass("background", 2, 2), MaskClass("pet", 1, 1), MaskClass(IGNORED, 3, 3)))  # 3: border
_BOX = {"value_names": ("centre x", "centre y", "width", "height"), "roles": ("x", "y", "width", "height")}


@dataclass(frozen=True)
class _Line:
    name: str
    class_id: int
    species: int
    split: str | None


@dataclass
class _Found:
    """What opening comes upon, for the findings."""

    bad_lines: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    several: list[str] = field(default_factory=list)
    bad_boxes: list[str] = field(default_factory=list)


class OxfordPet(Layout):
    id = "oxford_pet"
    name = mark("Oxford-IIIT Pet")
    summary = mark("Cats and dogs as published: images/ and annotations/ with lists, trimaps and head boxes.")

    def recognise(self, folder: Path) -> float:
        annotations = _annotations(folder)
        if annotations is None or _images(annotations, folder) is None:
            return 0.0
        marks = (annotations / "trimaps").is_dir() + (annotations / "xmls").is_dir()
        return (0.6, 0.9, 1.0)[marks]

    def open(self, folder: Path | None, parameters: Mapping[str, Any]) -> Source:
        if folder is None:
            raise StudioError(mark("this data set needs a folder"))
        check_folder(folder)
        annotations = _annotations(folder)
        images = None if annotations is None else _images(annotations, folder)
        if annotations is None or images is None:
            raise StudioError(
                mark("this is no Oxford-IIIT Pet folder"), where=str(folder),
                fix=mark("It needs the folders images and annotations, the latter with list.txt or trainval.txt."),
            )  # fmt: skip
        return _open(images, annotations)


class _PetSource(FileSource):
    def read_target(self, sample: Sample, target_id: str, width: int, height: int) -> Any:
        if target_id != "mask":
            return super().read_target(sample, target_id, width, height)
        path = self.target_file(sample, target_id)
        if path is None:
            return None
        return fitted(_TRIMAP.read(path), width, height, path)

    def target_file(self, sample: Sample, target_id: str) -> Path | None:
        return Path(sample.extra["trimap"]) if target_id == "mask" and "trimap" in sample.extra else None


def _open(images: Path, annotations: Path) -> Source:
    found = _Found()
    lines = _lines(annotations, found)
    pictures = by_stem(images_in(images))
    trimaps = by_stem(images_in(annotations / "trimaps"))
    heads = _heads(annotations / "xmls")
    class_ids = sorted({line.class_id for line in lines})
    names = [_breed(class_id, lines) for class_id in class_ids]
    samples = []
    for line in lines:
        if line.name not in pictures:
            found.lost.append(line.name)
            continue
        head = _box(heads[line.name], found) if line.name in heads else None
        samples.append(_sample(line, pictures[line.name], class_ids, head, trimaps.get(line.name)))
    if not samples:
        raise StudioError(
            mark("none of the {n} listed pictures is there"), where=str(images), n=len(lines),
            fix=mark("Unpack images.tar.gz beside annotations.tar.gz."),
        )  # fmt: skip
    return _PetSource(_targets(names), samples, _findings(found, images, pictures, lines, class_ids))


def _targets(breeds: list[str]) -> list[TargetInfo]:
    return [
        TargetInfo("species", mark("Species"), "classification", FrozenDict(class_names=("cat", "dog"))),
        TargetInfo("breed", mark("Breed"), "classification", FrozenDict(class_names=tuple(breeds))),
        TargetInfo(
            "mask", mark("Pet mask"), "segmentation",
            FrozenDict(class_names=_TRIMAP.names, ignore_index=IGNORE),
        ),
        TargetInfo("head", mark("Head box"), "regression", FrozenDict(_BOX, units=("px",) * 4)),
    ]  # fmt: skip


def _sample(
    line: _Line, picture: Path, class_ids: list[int], head: tuple[float, ...] | None, trimap: Path | None
) -> Sample:
    labels: dict[str, Any] = {"species": line.species - 1, "breed": class_ids.index(line.class_id)}
    if head:
        labels["head"] = head
    extra = {} if trimap is None else {"trimap": str(trimap)}
    present = frozenset(labels) | ({"mask"} if trimap else set())
    return Sample(line.name, line.split, picture, present, FrozenDict(labels), FrozenDict(extra))


def _annotations(folder: Path) -> Path | None:
    """The annotations folder of a data set folder, its parent, or either unpacked twice; None where there is none."""
    for base in (folder, folder / "oxford-iiit-pet", *subfolders(folder)[:50]):
        for candidate in (base / "annotations", base / "annotations" / "annotations"):
            if any(_is_list(candidate / name) for name in _LISTS):
                return candidate
    return None


def _images(annotations: Path, folder: Path) -> Path | None:
    bases = [annotations.parent, annotations.parent.parent, folder]
    for base in dict.fromkeys(bases):
        for candidate in (base / "images", base / "images" / "images"):
            if images_in(candidate):
                return candidate
    return annotations.parent if images_in(annotations.parent) else None


def _is_list(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line, _ in zip(file, range(20), strict=False)]
    except OSError:
        return False
    return any(_LINE.match(line) for line in lines)


def _lines(annotations: Path, found: _Found) -> list[_Line]:
    """All listed pictures in natural order, each with the split whose list names it."""
    lists = {name: _parsed(annotations / name, found) for name in _LISTS}
    split_of = {
        name: split for file, split in (("trainval.txt", "train"), ("test.txt", "test")) for name in lists[file]
    }
    merged = {**lists["test.txt"], **lists["trainval.txt"], **lists["list.txt"]}
    return [
        _Line(name, class_id, species, split_of.get(name))
        for name, (class_id, species) in sorted(merged.items(), key=lambda item: natural(item[0]))
    ]


def _parsed(path: Path, found: _Found) -> dict[str, tuple[int, int]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    result: dict[str, tuple[int, int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.match(stripped)
        if match is None:
            found.bad_lines.append(f"{path.name}:{number}")
            continue
        result[match[1]] = (int(match[2]), int(match[3]))
    return result


def _breed(class_id: int, lines: list[_Line]) -> str:
    """The breed's name from its pictures' names: `american_bulldog_12` → `american bulldog`."""
    names = Counter(line.name.rpartition("_")[0] or line.name for line in lines if line.class_id == class_id)
    return names.most_common(1)[0][0].replace("_", " ")


def _heads(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {name[: -len(".xml")]: folder / name for name in entries(folder)[1] if name.lower().endswith(".xml")}


def _box(path: Path, found: _Found) -> tuple[float, ...] | None:
    """Centre and size, in pixels, of the largest head in a VOC file; None where there is no usable one."""
    try:
        root = ElementTree.parse(path).getroot()
        boxes = [
            tuple(float(box.findtext(name, "nan")) for name in ("xmin", "ymin", "xmax", "ymax"))
            for box in root.iterfind("object/bndbox")
        ]
    except (ElementTree.ParseError, OSError, ValueError):
        found.bad_boxes.append(path.name)
        return None
    usable = [box for box in boxes if box[2] > box[0] and box[3] > box[1]]
    if len(usable) > 1:
        found.several.append(path.stem)
    if not usable:
        found.bad_boxes.append(path.name)
        return None
    left, top, right, bottom = max(usable, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _findings(
    found: _Found, images: Path, pictures: dict[str, Path], lines: list[_Line], class_ids: list[int]
) -> list[Problem]:
    listed = {line.name for line in lines}
    unlisted = [path for stem, path in pictures.items() if stem not in listed]
    stray = [name for name in entries(images)[1] if not is_image(name)]
    expected = list(range(1, len(class_ids) + 1))
    result = [
        f.of_names(code, names, severity)
        for code, names, severity in (
            (f.LINES_SKIPPED, found.bad_lines, Severity.WARNING),
            (f.LISTED_MISSING, found.lost, Severity.WARNING),
            (f.UNLISTED, [path.name for path in unlisted], Severity.WARNING),
            (f.BAD_BOXES, found.bad_boxes, Severity.WARNING),
            (f.SEVERAL_BOXES, found.several, Severity.NOTE),
            (f.STRAY_FILES, stray, Severity.NOTE),
        )
        if names
    ]
    if class_ids != expected:
        ids = ", ".join(map(str, class_ids))
        kept = ", ".join(str(i) for i in range(len(class_ids)))
        result.append(f.note(f.CLASS_IDS_RENUMBERED, "dataset", target="breed", found=ids, kept=kept))
    return result + misnamed(unlisted)


LAYOUT = OxfordPet()

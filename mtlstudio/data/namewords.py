"""What the names of folders and files say: pictures or masks, which split, which picture a mask belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence

MASKS, DEPTHS, PICTURES, USELESS = "segmentation", "depth", "", "none"

_MASK = frozenset({
    "groundtruth", "groundtruths", "segmentation", "segmentations", "annotation", "annotations", "annot", "annots",
    "label", "labels", "labelled", "labeled", "mask", "masks", "trimap", "trimaps", "manual", "gt", "gts", "seg", "segs",
    "semantic", "stuffthingmaps", "parsing",
})  # fmt: skip
_DEPTH = frozenset({"depth", "depths", "disparity", "disparities"})
_IMAGE = frozenset({
    "image", "images", "img", "imgs", "im", "jpegimages", "pngimages", "original", "originals", "photo", "photos", "rgb",
    "frame", "frames", "picture", "pictures", "input", "inputs", "data", "stills", "raw", "src",
})  # fmt: skip
_USELESS = frozenset({
    "object", "objects", "instance", "instances", "superpixel", "superpixels", "overlay", "overlays", "2nd", "2ndho",
    "panoptic", "boundary", "boundaries", "preview", "vis", "viz", "visualization", "instanceids",
})  # fmt: skip
_SPLITS = {
    "train": "train", "training": "train", "trainval": "train", "tr": "train", "val": "val", "valid": "val",
    "validation": "val", "dev": "val", "test": "test", "testing": "test", "te": "test",
}  # fmt: skip
_FILLING = frozenset({"1st", "all", "full", "part", "set", "final", "png", "class"})
_OWN_MASK = _MASK | {"l", "p", "labelids", "1stho", "1st"}
_FILE_WORDS = _OWN_MASK | _DEPTH | _IMAGE | _USELESS | frozenset(_SPLITS) - {"tr", "te"} | {"sat", "color", "colour"}
_GLUED = sorted(_MASK | _IMAGE, key=len, reverse=True)


def words(name: str) -> list[str]:
    """`train_labels` → train, labels; `trainannot` → train, annot; `Ground Truth` → groundtruth; numbers fall away."""
    text = re.sub(r"ground[\s_\-]*truth", "groundtruth", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name), flags=re.IGNORECASE)
    found: list[str] = []
    for word in re.findall(r"[0-9]*[a-z]+[0-9]*", text.lower()):
        bare = word.rstrip("0123456789")
        glued = next((end for end in _GLUED if bare.endswith(end) and bare[: -len(end)] in _SPLITS), None)
        found += [bare[: -len(glued)], glued] if glued else [bare]
    return found


def split_of(parts: Sequence[str]) -> str | None:
    """The split that the last telling name of a path tells."""
    for part in reversed(parts):
        told = {_SPLITS[word] for word in words(part) if word in _SPLITS}
        if told:
            return "train" if "train" in told else told.pop() if len(told) == 1 else None
    return None


def role_of(parts: Sequence[str]) -> str:
    """What a folder holds, by the last name of its path that tells: PICTURES where none does."""
    for part in reversed(parts):
        told = set(words(part))
        if told & _USELESS:
            return USELESS
        if told & _DEPTH:
            return DEPTHS
        if told & _MASK:
            return MASKS
        if told & _IMAGE:
            return PICTURES
    return PICTURES


def kind_of(parts: Sequence[str]) -> tuple[str, ...]:
    """What kind of masks a folder holds: the words from the telling name on that are neither usual nor a split."""
    telling = [i for i, part in enumerate(parts) if role_of([part]) != PICTURES]
    told = (word for part in parts[telling[-1] if telling else 0 :] for word in words(part))
    usual = _MASK | _DEPTH | _IMAGE | _FILLING | frozenset(_SPLITS)
    return tuple(word for word in told if word not in usual and len(word) > 1)


def plain_of(parts: Sequence[str]) -> tuple[str, ...]:
    """A path's names without splits and numbers: equal for the folders of one collection."""
    return tuple(" ".join(word for word in words(part) if word not in _SPLITS) for part in parts)


def first_choice(parts: Sequence[str]) -> bool:
    """A first annotator's masks, or ones drawn by hand: better than what is called plainly `mask` beside them."""
    return bool({"manual", "1st"} & {word for part in parts for word in words(part)})


def stem_key(stem: str) -> str:
    """A file's name without the words that tell pictures and masks apart: `21_training` and `21_manual1` → `21`."""
    parts = [part for part in re.split(r"[\s_.\-]+", stem.lower()) if part]
    kept = []
    for place, part in enumerate(parts):
        bare = part.rstrip("0123456789")
        if bare not in _FILE_WORDS and part not in _FILE_WORDS:
            kept.append(part)
        elif place == 0 and bare != part:  # mask001
            kept.append(part[len(bare) :])
    return "_".join(kept) or stem.lower()


def own_mask_of(stem: str) -> tuple[str, bool] | None:
    """For the name of a mask that lies among the pictures: its picture's name, and whether the mask is of use."""
    match = re.match(r"^(.+?)[_\-. ]([A-Za-z0-9]+)$", stem)
    if match is None:
        return None
    word = match[2].lower()
    if word in _USELESS:
        return match[1], False
    return (match[1], True) if word in _OWN_MASK else None


def shorter(stem: str) -> list[str]:
    """A name without its last word, without its last two …: `a_01_x` → `a_01`, `a`."""
    parts = re.split(r"([\s_.\-]+)", stem)
    return ["".join(parts[:end]) for end in range(len(parts) - 2, 0, -2)]

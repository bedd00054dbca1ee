"""Parts of the script that are the same, or nearly so, for every project."""

from __future__ import annotations

LOAD_WEIGHTS = '''
def load_weights(network: nn.Module, path: Path) -> None:
    """Puts trained weights into the network; nothing but tensors is read from the file."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        weights = load_file(path)
    else:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(weights)
'''

STRETCH = '''
def to_square(picture: Image.Image) -> Image.Image:
    """The picture stretched to the network's square."""
    return picture.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BILINEAR)
'''

LETTERBOX = '''
def to_square(picture: Image.Image) -> Image.Image:
    """The whole picture in the middle of the network's square, grey bars at the ends."""
    side = max(picture.size)
    width, height = (max(1, round(length * IMAGE_SIZE / side)) for length in picture.size)
    square = Image.new("RGB", (IMAGE_SIZE, IMAGE_SIZE), {bars})
    resized = picture.resize((width, height), Image.Resampling.BILINEAR)
    square.paste(resized, ((IMAGE_SIZE - width) // 2, (IMAGE_SIZE - height) // 2))
    return square
'''

CROP = '''
def to_square(picture: Image.Image) -> Image.Image:
    """The middle of the picture as the network's square."""
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    box = (left, top, left + side, top + side)
    return picture.resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BILINEAR, box=box)
'''

PREPROCESS = '''
def preprocess(picture: Image.Image) -> Tensor:
    """A picture as the network takes it: (1, 3, IMAGE_SIZE, IMAGE_SIZE) float32, standardised RGB."""
    square = to_square(ImageOps.exif_transpose(picture).convert("RGB"))
    pixels = torch.frombuffer(bytearray(square.tobytes()), dtype=torch.uint8)
    pixels = pixels.view(1, IMAGE_SIZE, IMAGE_SIZE, 3).permute(0, 3, 1, 2).float() / 255
    return (pixels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
'''

_MAP = '''
def preprocess_map(values: Tensor, name: str) -> Tensor:
    """An input beside the picture, (C, H, W) with NaN where unknown, as the network takes it: (1, C, S, S) float32."""
{square}
    mean, std = (torch.tensor(numbers).view(-1, 1, 1) for numbers in OTHER_INPUTS[name])
    return ((square - mean) / std).nan_to_num(nan=0.0)
'''

MAPS = {
    "stretch": _MAP.replace(
        "{square}",
        """\
    square = nn.functional.interpolate(values[None].float(), (IMAGE_SIZE, IMAGE_SIZE), mode="nearest-exact")""",
    ),
    "letterbox": _MAP.replace(
        "{square}",
        """\
    sides = values.shape[1:]
    height, width = (max(1, round(length * IMAGE_SIZE / max(sides))) for length in sides)
    top, left = (IMAGE_SIZE - height) // 2, (IMAGE_SIZE - width) // 2
    square = torch.full((1, len(values), IMAGE_SIZE, IMAGE_SIZE), float("nan"))
    inner = nn.functional.interpolate(values[None].float(), (height, width), mode="nearest-exact")
    square[:, :, top : top + height, left : left + width] = inner""",
    ),
    "crop": _MAP.replace(
        "{square}",
        """\
    height, width = values.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    inner = values[None, :, top : top + side, left : left + side].float()
    square = nn.functional.interpolate(inner, (IMAGE_SIZE, IMAGE_SIZE), mode="nearest-exact")""",
    ),
}

PLAIN_GROUPS = '''
def parameter_groups(network: nn.Module) -> list[dict[str, Any]]:
    """Kernels and matrices decay; biases, normalisations and scales do not."""
    trained = [(name, weight) for name, weight in network.named_parameters() if weight.requires_grad]
    decaying = [weight for name, weight in trained if weight.ndim > 1 and not name.endswith("layer_scale")]
    others = [weight for name, weight in trained if weight.ndim <= 1 or name.endswith("layer_scale")]
    return [{"params": decaying, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
'''

FACTOR_GROUPS = '''
def parameter_groups(network: nn.Module) -> list[dict[str, Any]]:
    """Kernels and matrices decay; biases, normalisations and scales do not. Some layers learn faster or slower."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, weight in network.named_parameters():
        if weight.requires_grad:
            factor = LEARNING_RATE_FACTORS.get(name.partition(".")[0], 1.0)
            decays = weight.ndim > 1 and not name.endswith("layer_scale")
            groups.setdefault((factor, WEIGHT_DECAY if decays else 0.0), []).append(weight)
    return [
        {"params": weights, "lr": factor * LEARNING_RATE, "weight_decay": decay}
        for (factor, decay), weights in groups.items()
    ]
'''

"""Writes resized_crop.json: rectangles of images, enlarged by PyTorch's bilinear interpolation in double precision.

Where a rectangle lies is worked out as torchvision's RandomResizedCrop does, with one share in place of all random numbers.
Run it with Debian's PyTorch: /usr/bin/python3 make_resized_crop.py
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F


def box(height, width, share, scale, ratio):
    area = height * width * (scale[0] + (scale[1] - scale[0]) * share)
    shape = math.exp(math.log(ratio[0]) + (math.log(ratio[1]) - math.log(ratio[0])) * share)
    w, h = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
    if 0 < w <= width and 0 < h <= height:
        return math.floor(share * (height - h + 1)), math.floor(share * (width - w + 1)), h, w
    if width / height < ratio[0]:
        w, h = width, round(width / ratio[0])
    elif width / height > ratio[1]:
        w, h = round(height * ratio[1]), height
    else:
        w, h = width, height
    return (height - h) // 2, (width - w) // 2, h, w


CASES = [
    ((3, 12, 9), 0.1, (0.08, 1), (3 / 4, 4 / 3)),
    ((3, 12, 9), 0.6, (0.08, 1), (3 / 4, 4 / 3)),
    ((1, 16, 16), 0.37, (0.2, 0.9), (0.5, 2)),
    ((1, 16, 16), 0.95, (0.2, 1), (0.5, 2)),
    ((1, 4, 20), 0.9, (0.5, 1), (3 / 4, 4 / 3)),
    ((1, 20, 4), 0.9, (0.5, 1), (3 / 4, 4 / 3)),
    ((2, 1, 5), 0.5, (0.08, 1), (3 / 4, 4 / 3)),
]

random = torch.Generator().manual_seed(9)
cases = []
for shape, share, scale, ratio in CASES:
    image = torch.randint(0, 256, shape, generator=random).double()
    top, left, h, w = box(shape[1], shape[2], share, scale, ratio)
    piece = image[:, top : top + h, left : left + w]
    pixels = F.interpolate(piece[None], size=shape[1:], mode="bilinear", align_corners=False)[0]
    values = [round(v, 6) for v in pixels.flatten().tolist()]
    source = [int(v) for v in image.flatten().tolist()]
    cases.append({"shape": shape, "share": share, "scale": scale, "ratio": ratio, "image": source, "pixels": values})
Path(__file__).with_name("resized_crop.json").write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")

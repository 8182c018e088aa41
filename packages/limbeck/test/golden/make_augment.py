"""Writes augment.json: images after the operations of RandAugment, as torchvision's tensor kernels define them.

Geometry goes through PyTorch's own grid_sample; everything else is written with whole tensors, in double precision.
Magnitudes are such that no pixel is as near to one as to another. Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_augment.py

A second run writes the same bytes.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F


def affine(image, matrix):
    """Samples the nearest pixel; `matrix` maps an output's place to that of its input, from the image's center, in pixels."""
    _, height, width = image.shape
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64) + 0.5 - height / 2,
        torch.arange(width, dtype=torch.float64) + 0.5 - width / 2,
        indexing="ij",
    )
    (a, b, c), (d, e, f) = matrix
    grid = torch.stack([(a * x + b * y + c) / (width / 2), (d * x + e * y + f) / (height / 2)], dim=-1)
    return F.grid_sample(image[None], grid[None], mode="nearest", padding_mode="zeros", align_corners=False)[0]


def shear_x(image, m):
    return affine(image, ((1, m, m * image.shape[1] / 2), (0, 1, 0)))


def shear_y(image, m):
    return affine(image, ((1, 0, 0), (m, 1, m * image.shape[2] / 2)))


def translate_x(image, m):
    return affine(image, ((1, 0, -int(m)), (0, 1, 0)))


def translate_y(image, m):
    return affine(image, ((1, 0, 0), (0, 1, -int(m))))


def rotate(image, degrees):
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return affine(image, ((cos, -sin, 0), (sin, cos, 0)))


def blend(image, base, m):
    return (base + (image - base) * (1 + m)).clamp(0, 255)


def gray(image):
    if image.shape[0] != 3:
        return image.mean(dim=0, keepdim=True)
    return (image * torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)[:, None, None]).sum(dim=0, keepdim=True)


def color(image, m):
    return blend(image, gray(image), m) if image.shape[0] == 3 else image


def smooth(image):
    kernel = torch.ones(3, 3, dtype=torch.float64)
    kernel[1, 1] = 5
    result = image.clone()
    result[:, 1:-1, 1:-1] = F.conv2d(image[:, None], kernel[None, None] / 13)[:, 0].round()
    return result


def posterize(image, bits):
    return torch.div(image, 2 ** (8 - bits), rounding_mode="floor") * 2 ** (8 - bits)


def solarize(image, threshold):
    return torch.where(image >= threshold, 255 - image, image)


def autocontrast(image, _):
    low, high = image.amin(dim=(1, 2), keepdim=True), image.amax(dim=(1, 2), keepdim=True)
    return torch.where(high > low, (image - low) * 255 / (high - low).clamp(min=1), image)


def equalize_channel(channel):
    histogram = torch.bincount(channel.long().flatten(), minlength=256)
    step = int(histogram[histogram != 0][:-1].sum()) // 255
    if step == 0:
        return channel
    table = torch.div(torch.cumsum(histogram, 0) + step // 2, step, rounding_mode="floor")
    table = F.pad(table, [1, 0])[:-1].clamp(0, 255)
    return table[channel.long()].double()


def equalize(image, _):
    return torch.stack([equalize_channel(channel) for channel in image])


OPERATIONS = {
    "identity": (lambda image, _: image, [0]),
    "shear-x": (shear_x, [0.09, -0.3]),
    "shear-y": (shear_y, [0.27, -0.13]),
    "translate-x": (translate_x, [2.7, -3.2]),
    "translate-y": (translate_y, [1.9, -4]),
    "rotate": (rotate, [9, -29, 101]),
    "brightness": (lambda image, m: blend(image, torch.zeros_like(image), m), [0.27, -0.9]),
    "color": (color, [0.9, -0.6]),
    "contrast": (lambda image, m: blend(image, gray(image).mean(), m), [0.9, -0.5]),
    "sharpness": (lambda image, m: blend(image, smooth(image), m), [0.9, -0.9]),
    "posterize": (posterize, [8, 7, 4]),
    "solarize": (solarize, [255, 178.5, 0]),
    "autocontrast": (autocontrast, [0]),
    "equalize": (equalize, [0]),
}


def numbers(image):
    """Values with one decimal, whole ones without."""
    return [int(v) if v == int(v) else round(v, 1) for v in image.flatten().tolist()]


def fits(name, image):
    """Only equalize needs images of many pixels, and only sharpness ones of three lines."""
    _, height, width = image.shape
    if height * width > 300:
        return name == "equalize"
    return name != "sharpness" or min(height, width) > 2


def main():
    random = torch.Generator().manual_seed(4)
    images = []
    for shape, low, high in [((3, 9, 7), 0, 256), ((1, 8, 10), 40, 180), ((2, 24, 25), 0, 90), ((3, 1, 2), 0, 256)]:
        images.append(torch.randint(low, high, shape, generator=random).double())
    images.append(torch.full((1, 20, 20), 7.0, dtype=torch.float64))
    images[2] = (images[2] ** 2 / 40).floor()
    cases = []
    for image in images:
        results = [
            {"operation": name, "magnitude": magnitude, "pixels": numbers(apply(image, magnitude))}
            for name, (apply, magnitudes) in OPERATIONS.items()
            for magnitude in magnitudes
            if fits(name, image)
        ]
        cases.append({"shape": list(image.shape), "pixels": image.int().flatten().tolist(), "results": results})
    Path(__file__).with_name("augment.json").write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")


main()

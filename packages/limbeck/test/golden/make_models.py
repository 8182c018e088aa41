"""
Writes models.json: logits of small members of the model families, written in PyTorch with the modules, and so the names, of
the implementations that each family follows. Run it with a Python that has PyTorch: python3 make_models.py
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

CLASSES, SIDE = 5, 16


def conv(i, o, k, s=1, groups=1, bias=False):
    return nn.Conv2d(i, o, k, s, k // 2, groups=groups, bias=bias)


def pooled(x):
    return x.mean((2, 3))


# ResNet and WRN of RepDistiller.


class BasicBlock(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.conv1, self.bn1 = conv(i, o, 3, s), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = conv(o, o, 3), nn.BatchNorm2d(o)
        self.downsample = nn.Sequential(conv(i, o, 1, s), nn.BatchNorm2d(o)) if s > 1 or i != o else nn.Identity()

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class ResNet(nn.Module):
    def __init__(self, blocks, widths):
        super().__init__()
        self.conv1, self.bn1 = conv(3, widths[0], 3), nn.BatchNorm2d(widths[0])
        for stage in (1, 2, 3):
            o, i = widths[stage], widths[stage - 1]
            layer = [BasicBlock(o if n else i, o, 2 if n == 0 and stage > 1 else 1) for n in range(blocks)]
            setattr(self, f"layer{stage}", nn.Sequential(*layer))
        self.fc = nn.Linear(widths[3], CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(pooled(self.layer3(self.layer2(self.layer1(x)))))


class PaddingBlock(nn.Module):
    """Option A of the paper: every other pixel, and zeros for the missing channels on both sides."""

    def __init__(self, i, o, s):
        super().__init__()
        self.conv1, self.bn1 = conv(i, o, 3, s), nn.BatchNorm2d(o)
        self.conv2, self.bn2 = conv(o, o, 3), nn.BatchNorm2d(o)
        self.s, self.missing = s, o - i

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        half = self.missing // 2
        short = F.pad(x[:, :, :: self.s, :: self.s], (0, 0, 0, 0, half, self.missing - half))
        return F.relu(y + short)


class WideBlock(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(i), conv(i, o, 3, s)
        self.bn2, self.conv2 = nn.BatchNorm2d(o), conv(o, o, 3)
        self.convShortcut = conv(i, o, 1, s) if i != o else None

    def forward(self, x):
        active = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return y + (self.convShortcut(active) if self.convShortcut else x)


class WideStage(nn.Module):
    def __init__(self, blocks, i, o, s):
        super().__init__()
        self.layer = nn.Sequential(*[WideBlock(o if n else i, o, 1 if n else s) for n in range(blocks)])

    def forward(self, x):
        return self.layer(x)


class Wrn(nn.Module):
    def __init__(self, blocks, k):
        super().__init__()
        self.conv1 = conv(3, 16, 3)
        self.block1 = WideStage(blocks, 16, 16 * k, 1)
        self.block2 = WideStage(blocks, 16 * k, 32 * k, 2)
        self.block3 = WideStage(blocks, 32 * k, 64 * k, 2)
        self.bn1, self.fc = nn.BatchNorm2d(64 * k), nn.Linear(64 * k, CLASSES)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(pooled(F.relu(self.bn1(x))))


# MobileNets and ShuffleNetV2 of torchvision. Strides are those of images of 16 pixels: 4 altogether.


class Unit(nn.Sequential):
    def __init__(self, i, o, k=3, s=1, groups=1, act=nn.ReLU6, **norm):
        super().__init__(conv(i, o, k, s, groups), nn.BatchNorm2d(o, **norm), *([act()] if act else []))


class InvertedResidual(nn.Module):
    def __init__(self, i, o, s, t):
        super().__init__()
        h = i * t
        expand = [Unit(i, h, 1)] if t != 1 else []
        self.conv = nn.Sequential(*expand, Unit(h, h, 3, s, h), conv(h, o, 1), nn.BatchNorm2d(o))
        self.adds = s == 1 and i == o

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        rows = [(1, 8, 1, 1), (2, 8, 2, 1), (2, 8, 3, 1), (2, 16, 4, 2), (2, 24, 3, 1), (2, 40, 3, 2), (2, 80, 1, 1)]
        layers, i = [Unit(3, 8, 3, 1)], 8
        for t, o, n, s in rows:
            for b in range(n):
                layers.append(InvertedResidual(i, o, 1 if b else s, t))
                i = o
        self.features = nn.Sequential(*layers, Unit(i, 1280, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, CLASSES))

    def forward(self, x):
        return self.classifier(pooled(self.features(x)))


class SqueezeExcitation(nn.Module):
    def __init__(self, c, squeezed):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(c, squeezed, 1), nn.Conv2d(squeezed, c, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


def divisible(v, d=8):
    new = max(d, int(v + d / 2) // d * d)
    return new + d if new < 0.9 * v else new


class V3Block(nn.Module):
    def __init__(self, i, k, h, o, se, hs, s):
        super().__init__()
        act, norm = (nn.Hardswish if hs else nn.ReLU), {"eps": 1e-3, "momentum": 0.01}
        parts = [Unit(i, h, 1, act=act, **norm)] if h != i else []
        parts.append(Unit(h, h, k, s, h, act=act, **norm))
        if se:
            parts.append(SqueezeExcitation(h, divisible(h // 4)))
        parts.append(Unit(h, o, 1, act=None, **norm))
        self.block, self.adds = nn.Sequential(*parts), s == 1 and i == o

    def forward(self, x):
        return x + self.block(x) if self.adds else self.block(x)


class MobileNetV3Small(nn.Module):
    """Width 0.25."""

    def __init__(self):
        super().__init__()
        rows = [(3, 16, 16, 1, 0, 1), (3, 72, 24, 0, 0, 1), (3, 88, 24, 0, 0, 1), (5, 96, 40, 1, 1, 2)]
        rows += [(5, 240, 40, 1, 1, 1)] * 2 + [(5, 120, 48, 1, 1, 1), (5, 144, 48, 1, 1, 1)]
        rows += [(5, 288, 96, 1, 1, 2)] + [(5, 576, 96, 1, 1, 1)] * 2
        norm, i = {"eps": 1e-3, "momentum": 0.01}, 8
        layers = [Unit(3, i, 3, 1, act=nn.Hardswish, **norm)]
        for k, h, o, se, hs, s in rows:
            layers.append(V3Block(i, k, divisible(h / 4), divisible(o / 4), se, hs, s))
            i = divisible(o / 4)
        self.features = nn.Sequential(*layers, Unit(i, 6 * i, 1, act=nn.Hardswish, **norm))
        self.classifier = nn.Sequential(
            nn.Linear(6 * i, 256), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(256, CLASSES)
        )

    def forward(self, x):
        return self.classifier(pooled(self.features(x)))


class ShuffleBlock(nn.Module):
    def __init__(self, i, o, s, first):
        super().__init__()
        half = o // 2
        norm = nn.BatchNorm2d
        self.branch1 = (
            nn.Sequential(conv(i, i, 3, s, i), norm(i), conv(i, half, 1), norm(half), nn.ReLU())
            if first
            else nn.Sequential()
        )
        self.branch2 = nn.Sequential(
            *[conv(i if first else half, half, 1), norm(half), nn.ReLU()],
            *[conv(half, half, 3, s, half), norm(half)],
            *[conv(half, half, 1), norm(half), nn.ReLU()],
        )
        self.first = first

    def forward(self, x):
        a, b = (x, x) if self.first else x.chunk(2, 1)
        y = torch.cat([self.branch1(a), self.branch2(b)], 1)
        n, c, h, w = y.shape
        return y.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class ShuffleNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Unit(3, 24, 3, 1, act=nn.ReLU)
        i = 24
        for stage, (o, n, s) in enumerate([(48, 4, 1), (96, 8, 2), (192, 4, 2)], 2):
            blocks = [ShuffleBlock(o if b else i, o, 1 if b else s, b == 0) for b in range(n)]
            setattr(self, f"stage{stage}", nn.Sequential(*blocks))
            i = o
        self.conv5, self.fc = Unit(i, 1024, 1, act=nn.ReLU), nn.Linear(1024, CLASSES)

    def forward(self, x):
        return self.fc(pooled(self.conv5(self.stage4(self.stage3(self.stage2(self.conv1(x)))))))


# RepVGG of its authors, before its branches are merged.


class RepBranch(nn.Module):
    def __init__(self, i, o, k, s):
        super().__init__()
        self.conv, self.bn = conv(i, o, k, s), nn.BatchNorm2d(o)

    def forward(self, x):
        return self.bn(self.conv(x))


class RepBlock(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.rbr_identity = nn.BatchNorm2d(o) if i == o and s == 1 else None
        self.rbr_dense, self.rbr_1x1 = RepBranch(i, o, 3, s), RepBranch(i, o, 1, s)

    def forward(self, x):
        y = self.rbr_dense(x) + self.rbr_1x1(x)
        return F.relu(y + self.rbr_identity(x) if self.rbr_identity else y)


class RepVgg(nn.Module):
    """A0 at width 0.125."""

    def __init__(self):
        super().__init__()
        self.stage0, i = RepBlock(3, 6, 1), 6
        for stage, (n, o, s) in enumerate([(2, 6, 1), (4, 12, 1), (14, 24, 2), (1, 160, 2)], 1):
            blocks = [RepBlock(o if b else i, o, 1 if b else s) for b in range(n)]
            setattr(self, f"stage{stage}", nn.Sequential(*blocks))
            i = o
        self.linear = nn.Linear(160, CLASSES)

    def forward(self, x):
        return self.linear(pooled(self.stage4(self.stage3(self.stage2(self.stage1(self.stage0(x)))))))


# EfficientNet-lite, ViT and MLP-Mixer of timm.


class LiteBlock(nn.Module):
    def __init__(self, i, k, s, t, o):
        super().__init__()
        h = i * t
        if t > 1:
            self.conv_pw, self.bn1 = conv(i, h, 1), nn.BatchNorm2d(h)
            self.conv_dw, self.bn2 = conv(h, h, k, s, h), nn.BatchNorm2d(h)
            self.conv_pwl, self.bn3 = conv(h, o, 1), nn.BatchNorm2d(o)
        else:
            self.conv_dw, self.bn1 = conv(h, h, k, s, h), nn.BatchNorm2d(h)
            self.conv_pw, self.bn2 = conv(h, o, 1), nn.BatchNorm2d(o)
        self.t, self.adds = t, s == 1 and i == o

    def forward(self, x):
        if self.t > 1:
            y = F.relu6(self.bn2(self.conv_dw(F.relu6(self.bn1(self.conv_pw(x))))))
            y = self.bn3(self.conv_pwl(y))
        else:
            y = self.bn2(self.conv_pw(F.relu6(self.bn1(self.conv_dw(x)))))
        return x + y if self.adds else y


class EfficientNetLite(nn.Module):
    """Width 0.25, depth 0.5."""

    def __init__(self):
        super().__init__()
        self.conv_stem, self.bn1 = conv(3, 32, 3, 1), nn.BatchNorm2d(32)
        rows = [(1, 3, 1, 1, 8), (1, 3, 1, 6, 8), (1, 5, 1, 6, 16), (2, 3, 2, 6, 24)]
        rows += [(2, 5, 1, 6, 32), (2, 5, 2, 6, 48), (1, 3, 1, 6, 80)]
        stages, i = [], 32
        for n, k, s, t, o in rows:
            stages.append(nn.Sequential(*[LiteBlock(o if b else i, k, 1 if b else s, t, o) for b in range(n)]))
            i = o
        self.blocks = nn.Sequential(*stages)
        self.conv_head, self.bn2 = conv(i, 1280, 1), nn.BatchNorm2d(1280)
        self.classifier = nn.Linear(1280, CLASSES)

    def forward(self, x):
        x = self.blocks(F.relu6(self.bn1(self.conv_stem(x))))
        return self.classifier(pooled(F.relu6(self.bn2(self.conv_head(x)))))


class Mlp(nn.Module):
    def __init__(self, i, h):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(i, h), nn.Linear(h, i)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) / math.sqrt(d // self.heads)).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(n, t, d))


class VitBlock(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(dim, eps=1e-6), Attention(dim, heads)
        self.norm2, self.mlp = nn.LayerNorm(dim, eps=1e-6), Mlp(dim, 4 * dim)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Patches(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Conv2d(3, dim, 4, 4)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Vit(nn.Module):
    def __init__(self, dim, depth, heads, distilled=False):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        if distilled:
            self.dist_token = nn.Parameter(torch.zeros(1, 1, dim))
            self.head_dist = nn.Linear(dim, CLASSES)
        self.distilled = distilled
        self.pos_embed = nn.Parameter(torch.zeros(1, 18 if distilled else 17, dim))
        self.patch_embed = Patches(dim)
        self.blocks = nn.Sequential(*[VitBlock(dim, heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, CLASSES)

    def forward(self, x):
        x = self.patch_embed(x)
        tokens = [self.cls_token, self.dist_token] if self.distilled else [self.cls_token]
        x = torch.cat([*(token.expand(len(x), -1, -1) for token in tokens), x], 1) + self.pos_embed
        x = self.norm(self.blocks(x))
        return (self.head(x[:, 0]) + self.head_dist(x[:, 1])) / 2 if self.distilled else self.head(x[:, 0])


class MixerBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm1, self.mlp_tokens = nn.LayerNorm(dim, eps=1e-6), Mlp(16, dim // 2)
        self.norm2, self.mlp_channels = nn.LayerNorm(dim, eps=1e-6), Mlp(dim, 4 * dim)

    def forward(self, x):
        x = x + self.mlp_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.mlp_channels(self.norm2(x))


class Mixer(nn.Module):
    def __init__(self, dim, depth):
        super().__init__()
        self.stem = Patches(dim)
        self.blocks = nn.Sequential(*[MixerBlock(dim) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, CLASSES)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.stem(x))).mean(1))


class Bytes(nn.Module):
    """Of files: whole numbers up to 256, as floating-point numbers; what is behind the point is cut off."""

    def __init__(self, embedding, patch, channels, kernel):
        super().__init__()
        self.patch = patch
        self.embedding = nn.Embedding(257, embedding)
        inputs = [embedding * patch, *channels]
        for i, o in enumerate(channels):
            setattr(self, f"conv{i + 1}", nn.Conv2d(inputs[i], o, (1, kernel), padding=(0, kernel // 2), bias=False))
            setattr(self, f"bn{i + 1}", nn.BatchNorm2d(o))
        self.stages = len(channels)
        self.fc = nn.Linear(channels[-1], CLASSES)

    def forward(self, x):
        x = self.embedding(x.flatten(1).long())
        x = x.reshape(len(x), x.shape[1] // self.patch, -1).transpose(1, 2).unsqueeze(2)
        for i in range(1, self.stages + 1):
            x = x if i == 1 else F.max_pool2d(x, (1, 2))
            x = F.relu(getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(x)))
        return self.fc(x.amax((2, 3)))


def padded_resnet():
    model = ResNet(1, [4, 4, 8, 16])
    model.layer1, model.layer2 = nn.Sequential(PaddingBlock(4, 4, 1)), nn.Sequential(PaddingBlock(4, 8, 2))
    model.layer3 = nn.Sequential(PaddingBlock(8, 16, 2))
    return model


CASES = [
    ({"family": "resnet", "depth": 8, "width": 0.25}, ResNet(1, [4, 4, 8, 16])),
    ({"family": "resnet", "depth": 8, "width": 0.25, "shortcut": "padding"}, padded_resnet()),
    ({"family": "resnet", "depth": 14, "width": 4}, ResNet(2, [32, 64, 128, 256])),
    ({"family": "wrn", "depth": 16, "width": 2}, Wrn(2, 2)),
    ({"family": "mobilenetv2", "width": 0.25, "expansion": 2}, MobileNetV2()),
    ({"family": "mobilenetv3", "size": "small", "width": 0.25}, MobileNetV3Small()),
    ({"family": "shufflenetv2", "width": 0.5}, ShuffleNetV2()),
    ({"family": "efficientnet-lite", "width": 0.25, "depth": 0.5}, EfficientNetLite()),
    ({"family": "repvgg", "width": 0.125}, RepVgg()),
    ({"family": "vit", "dim": 16, "depth": 2, "heads": 2}, Vit(16, 2, 2)),
    ({"family": "vit", "dim": 16, "depth": 1, "heads": 2, "distilled": True}, Vit(16, 1, 2, True)),
    ({"family": "mlp-mixer", "dim": 16, "depth": 2}, Mixer(16, 2)),
    ({"family": "bytes", "embedding": 6, "channels": [8, 12], "kernel": 3}, Bytes(6, 4, [8, 12], 3)),
]
# What images are multiplied by, where it is not 1.
RANGES = {"bytes": 256}


def values(name, shape, place):
    """The same numbers as in models/golden.test.ts."""
    wave = np.sin(0.7 * place + 1.3 * np.arange(math.prod(shape), dtype=np.float64))
    if name.endswith("running_var"):
        wave = 1.25 + 0.75 * wave
    elif len(shape) > 1:
        wave = wave * math.sqrt(3 / math.prod(shape[1:]))
    elif name.endswith(".weight"):
        wave = 1 + 0.3 * wave
    else:
        wave = 0.3 * wave
    return torch.from_numpy(wave.reshape(shape))


def logits(model, largest):
    model = model.double().eval()
    names = sorted(name for name in model.state_dict() if not name.endswith("num_batches_tracked"))
    shapes = {name: list(model.state_dict()[name].shape) for name in names}
    model.load_state_dict({n: values(n, shapes[n], i) for i, n in enumerate(names)}, strict=False)
    at = np.arange(2 * 3 * SIDE * SIDE, dtype=np.float64)
    images = largest * (0.5 + 0.5 * np.sin(0.37 * at + 0.0011 * at * at))
    with torch.no_grad():
        answers = model(torch.from_numpy(images.reshape(2, 3, SIDE, SIDE)))
    return {"shapes": shapes, "logits": answers.flatten().tolist()}


golden = []
for choice, model in CASES:
    largest = RANGES.get(choice["family"], 1)
    golden.append({"model": choice, "largest": largest, **logits(model, largest)})
Path(__file__).with_name("models.json").write_text(json.dumps(golden) + "\n")

#!/usr/bin/python3
"""Make data_free.json: generator, its objectives, and rounds of data-free adversarial distillation, in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_data_free.py

It writes data_free.json beside itself; a second run writes the same bytes.

"rounds" is the loop of the authors' DFAD_mnist.py on multilayer perceptrons, with
sums over classes where they have means: two steps of the student, then one of the
generator, twice, all in training mode. Latents are listed in the order of use.
"""
import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from make_losses import flat

EPS = 1e-5


def rounded(shape, seed, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    x = scale * torch.randn(shape, generator=generator, dtype=torch.float64)
    return torch.round(x * 1e4) / 1e4


def draw(module, seed):
    """Other numbers with four decimals in every parameter."""
    with torch.no_grad():
        for i, (name, value) in enumerate(module.named_parameters()):
            shift = 1.0 if name.startswith("bn") and name.endswith("weight") else 0.0
            value.copy_(rounded(value.shape, seed + i, 0.5) + shift)


def values(module):
    state = {k: v for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}
    return {k: {"shape": list(v.shape), "data": flat(v)} for k, v in state.items()}


class Generator(nn.Module):
    def __init__(self, latent, width, shape, mean, std, eps=EPS):
        super().__init__()
        self.shape, self.width, self.mean, self.std = shape, width, mean, std
        channels, height, across = shape
        self.start = (-(-height // 4), -(-across // 4))
        self.middle = (-(-height // 2), -(-across // 2))
        self.l1 = nn.Linear(latent, 2 * width * self.start[0] * self.start[1])
        self.bn1 = nn.BatchNorm2d(2 * width, eps=EPS)
        self.conv2 = nn.Conv2d(2 * width, 2 * width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * width, eps=eps)
        self.conv3 = nn.Conv2d(2 * width, width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width, eps=eps)
        self.conv4 = nn.Conv2d(width, channels, 3, padding=1)
        self.bn4 = nn.BatchNorm2d(channels, affine=False, eps=EPS)

    def forward(self, z):
        x = self.bn1(self.l1(z).view(-1, 2 * self.width, *self.start))
        x = F.leaky_relu(self.bn2(self.conv2(F.interpolate(x, size=self.middle))), 0.2)
        x = F.leaky_relu(self.bn3(self.conv3(F.interpolate(x, size=self.shape[1:]))), 0.2)
        return self.bn4(torch.tanh(self.conv4(x))) * self.std + self.mean


class DenseGenerator(nn.Module):
    """Of rows and windows: a mean and a deviation for each column."""

    def __init__(self, latent, width, shape, mean, std, eps=EPS, correlations=None):
        super().__init__()
        self.shape, self.correlations = shape, correlations
        self.mean, self.std = (torch.tensor(v, dtype=torch.float64).view(-1, 1, 1) for v in (mean, std))
        self.l1 = nn.Linear(latent, 8 * width)
        self.bn1 = nn.BatchNorm1d(8 * width, eps=eps)
        self.l2 = nn.Linear(8 * width, 8 * width)
        self.bn2 = nn.BatchNorm1d(8 * width, eps=eps)
        self.l3 = nn.Linear(8 * width, shape[0] * shape[1] * shape[2])
        self.bn4 = nn.BatchNorm2d(shape[0], affine=False, eps=EPS)

    def forward(self, z):
        x = F.leaky_relu(self.bn1(self.l1(z)), 0.2)
        x = F.leaky_relu(self.bn2(self.l2(x)), 0.2)
        x = self.bn4(self.l3(x).view(-1, *self.shape))
        if self.correlations:
            columns, times = (torch.linalg.cholesky(torch.tensor(c, dtype=torch.float64)) for c in self.correlations)
            x = torch.einsum("dc,ncht,st->ndhs", columns, x, times)
        return x * self.std + self.mean


CORRELATION = [[1.0, -0.6, 0.2], [-0.6, 1.0, 0.1], [0.2, 0.1, 1.0]]
TIME_CORRELATION = [[0.8 ** abs(s - t) for s in range(4)] for t in range(4)]


def generator_case(shape, seed, eps, network="maps", correlations=None):
    mean, std = (0.4, 0.2) if network == "maps" else ([3.0 + c for c in range(shape[0])], [0.5 + c for c in range(shape[0])])
    if network == "maps":
        model = Generator(3, 2, shape, mean, std, eps).double()
    else:
        model = DenseGenerator(3, 2, shape, mean, std, eps, correlations).double()
    draw(model, seed)
    latents = rounded((4, 3), seed + 50)
    case = {"shape": shape, "eps": eps, "mean": mean, "std": std, "latents": flat(latents), "before": values(model)}
    case["network"] = network
    if correlations:
        case["correlated"] = dict(zip(("correlation", "timeCorrelation"), correlations))
    case["training"] = flat(model(latents))
    case["after"] = values(model)
    model.eval()
    case["inference"] = flat(model(latents))
    return case


def jensen_shannon(student, teacher):
    p, q = student.softmax(dim=1), teacher.softmax(dim=1)
    mixed = ((p + q) / 2).log()
    return (F.kl_div(mixed, p, reduction="batchmean") + F.kl_div(mixed, q, reduction="batchmean")) / 2


def objectives_case(seed):
    features = rounded((5, 6), seed, 2.0).abs().requires_grad_(True)
    weight, bias, student = rounded((4, 6), seed + 1), rounded((4,), seed + 2), rounded((5, 4), seed + 3, 2.0)
    teacher = F.linear(features, weight, bias)
    shares = teacher.softmax(dim=1).mean(dim=0)
    found = {
        "adversarial": -(student - teacher).abs().sum() / 5,
        "adversarial kl": -F.kl_div(student.log_softmax(dim=1), teacher.softmax(dim=1), reduction="batchmean"),
        "adversarial js": -jensen_shannon(student, teacher),
        "oneHot": F.cross_entropy(teacher, teacher.detach().argmax(dim=1)),
        "activation": -features.abs().mean(),
        "entropy": (shares * torch.log10(shares)).sum(),
    }
    gradient = {k: flat(torch.autograd.grad(v, features, retain_graph=True)[0]) for k, v in found.items()}
    return {
        "features": flat(features), "weight": flat(weight), "bias": flat(bias), "student": flat(student),
        "values": {k: v.item() for k, v in found.items()}, "gradients": gradient,
    }


class Perceptron(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(64, hidden), nn.Linear(hidden, 3)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def rounds_case():
    student, teacher, generator = Perceptron(4), Perceptron(7), Generator(3, 2, [1, 8, 8], 0.5, 0.25)
    for i, model in enumerate((student, teacher, generator)):
        model.double()
        draw(model, 300 + 100 * i)
    case = {"student": values(student), "teacher": values(teacher), "generator": values(generator)}
    teach = torch.optim.SGD(student.parameters(), lr=0.05, momentum=0.9)
    ask = torch.optim.Adam(generator.parameters(), lr=0.01)
    teacher.requires_grad_(False)
    latents, losses = [], []

    def images():
        latents.append(rounded((4, 3), 900 + len(latents)))
        return generator(latents[-1])

    def distance(x):
        return (student(x) - teacher(x)).abs().sum() / 4

    for _ in range(2):
        for _ in range(2):
            teach.zero_grad()
            distance(images().detach()).backward()
            teach.step()
        ask.zero_grad()
        loss = -distance(images())
        loss.backward()
        ask.step()
        losses.append(loss.item())
    case["latents"] = [flat(z) for z in latents]
    case["generatorLosses"] = losses
    return {**case, "studentAfter": values(student), "generatorAfter": values(generator)}


def main():
    torch.set_num_threads(1)
    found = {
        "generators": [
            generator_case([1, 8, 8], 1, EPS),
            generator_case([3, 6, 5], 2, 0.8),
            generator_case([3, 1, 4], 3, EPS, "dense"),
            generator_case([3, 1, 4], 4, EPS, "dense", (CORRELATION, TIME_CORRELATION)),
        ],
        "objectives": objectives_case(40),
        "rounds": rounds_case(),
    }
    path = Path(__file__).resolve().with_name("data_free.json")
    path.write_text(json.dumps(found, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

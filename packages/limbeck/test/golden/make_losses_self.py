#!/usr/bin/python3
"""Make losses_self.json: golden values and gradients of losses that need no teacher, in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_losses_self.py

A second run writes the same bytes. Written sample by sample from the published descriptions.

- "tf-kd-virtual" (Yuan et al. 2020): KL(softmax(u / T) || softmax(z)), u = "correct" for the label, (1 - correct) / (K - 1)
  elsewhere.
- "ps-kd" (Kim et al. 2021): cross-entropy with (1 - a) one-hot + a p, a = share * progress; p is the sample's row of the
  memory, or one-hot where that is unset (-1). Then the row becomes softmax(z).
- "cs-kd" (Yun et al. 2020): T^2 KL(softmax(z' / T) || softmax(z / T)), z' of a partner, a constant.
"""
import torch
from torch.nn import functional as F

from loss_cases import constant, draw, entry, flat, write

SHAPES = ([1, 2], [4, 3], [3, 10])


def make(loss, name, options, z, value_of, **seen):
    """value_of(z) -> list of one value a sample."""
    z = z.clone().requires_grad_(True)
    values = value_of(z)
    value = sum(values) / len(values)
    (slope,) = torch.autograd.grad(value, [z])
    case = {"name": f"{loss} {name}", "loss": loss, "options": options, "studentLogits": entry(z, slope)}
    return {**case, **seen, "value": value.item() + 0}


def labels_for(z):
    return [(2 * i + 1) % z.shape[1] for i in range(len(z))]


def named(z):
    return "x".join(map(str, z.shape))


# Tf-KD


def virtual_case(name, z, **options):
    correct, temperature = options.get("correct", 0.99), options.get("temperature", 20)
    labels, classes = labels_for(z), z.shape[1]

    def rows(z):
        for row, label in zip(z, labels):
            u = constant([classes], (1 - correct) / (classes - 1))
            u[label] = correct
            yield F.kl_div(F.log_softmax(row, 0), F.softmax(u / temperature, 0), reduction="sum")

    return make("tf-kd-virtual", name, options, z, lambda z: list(rows(z)), labels=labels)


def virtual_cases():
    for shape in SHAPES:
        z = draw(shape, shape[0], 2)
        yield virtual_case(named(z), z)
        yield virtual_case(f"{named(z)}, hard", z, correct=0.9, temperature=0.05)
        yield virtual_case(f"{named(z)}, as it is", z, correct=0.9, temperature=1)
    z = draw([4, 3], 4)
    yield virtual_case("sure of the wrong class", z + torch.tensor([60.0, 0, 0], dtype=torch.float64))
    yield virtual_case("equal logits", constant([4, 3], 1.5))
    yield virtual_case("the true class least probable", z, correct=0.1, temperature=1)


# PS-KD


def progressive_case(name, z, memory, indices, progress, **options):
    share = options.get("share", 0.8)
    labels, classes = labels_for(z), z.shape[1]

    def rows(z):
        for row, label, index in zip(z, labels, indices):
            hard = F.one_hot(torch.tensor(label), classes).double()
            before = hard if memory[index][0] < 0 else memory[index]
            a = share * progress
            yield -(((1 - a) * hard + a * before) * F.log_softmax(row, 0)).sum()

    after = memory.clone()
    for row, index in zip(z, indices):
        after[index] = F.softmax(row, 0)
    case = make("ps-kd", name, options, z, lambda z: list(rows(z)), labels=labels, sampleIndices=indices)
    buffers = {"predictions": {**entry(memory), "next": flat(after)}}
    return {**case, "sampleCount": len(memory), "progress": progress, "buffers": buffers}


def predictions(classes, unmet, seed=60):
    memory = F.softmax(draw([6, classes], seed, 2), 1)
    for row in unmet:
        memory[row] = -1
    return memory


def progressive_cases():
    for shape in SHAPES:
        z = draw(shape, 10 + shape[0], 2)
        indices = [4, 0, 2, 5][: shape[0]]
        yield progressive_case(f"{named(z)}, first epoch", z, predictions(shape[1], range(6)), indices, 0.25)
        yield progressive_case(f"{named(z)}, some unmet", z, predictions(shape[1], [0, 5]), indices, 0.5)
        yield progressive_case(f"{named(z)}, last epoch", z, predictions(shape[1], []), indices, 1.0)
    z = draw([4, 3], 14, 2)
    full = predictions(3, [])
    yield progressive_case("labels alone", z, full, [1, 0, 2, 5], 1.0, share=0)
    yield progressive_case("own predictions alone", z, full, [1, 0, 2, 5], 1.0, share=1)
    sure = F.one_hot(torch.tensor([0, 1, 2, 0, 1, 2]), 3).double()
    yield progressive_case("sure and wrong before", 40 * z, sure, [0, 4, 2, 5], 0.75)
    yield progressive_case("equal logits", constant([4, 3], -2), full, [3, 4, 2, 1], 0.5)


# CS-KD


def classwise_case(name, z, partners, **options):
    temperature = options.get("temperature", 4)

    def rows(z):
        for row, partner in zip(z, partners):
            target = F.softmax(partner / temperature, 0)
            yield temperature**2 * F.kl_div(F.log_softmax(row / temperature, 0), target, reduction="sum")

    return make("cs-kd", name, options, z, lambda z: list(rows(z)), partnerLogits=entry(partners))


def classwise_cases():
    for shape in SHAPES:
        z, partners = draw(shape, 20 + shape[0], 2), draw(shape, 30 + shape[0], 2)
        yield classwise_case(named(z), z, partners)
        yield classwise_case(f"{named(z)}, not softened", z, partners, temperature=1)
    z = draw([4, 3], 24, 2)
    yield classwise_case("its own partner", z, z)
    yield classwise_case("sure of different classes", 20 * z, -20 * z)


if __name__ == "__main__":
    write(__file__, "losses_self.json", [*virtual_cases(), *progressive_cases(), *classwise_cases()])

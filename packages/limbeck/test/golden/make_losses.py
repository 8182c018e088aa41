#!/usr/bin/python3
"""Make losses.json: golden values and gradients of losses in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_losses.py

It writes losses.json beside itself; a second run writes the same bytes.

Each loss is summed over classes and averaged over samples (logits are
[samples, classes]), and "gradient" is its gradient by the student's logits:

- "cross-entropy": F.cross_entropy(z_s, labels, label_smoothing). The target of
  a sample is (1 - labelSmoothing) * one-hot + labelSmoothing / classes.
- "kd": T^2 * KL(softmax(z_t / T) || softmax(z_s / T)), where T is the
  temperature. The teacher is constant.

The logits of a shape are the same in all cases that do not say otherwise.
"""
import json
from pathlib import Path

import torch
from torch.nn import functional as F

SHAPES = [[1, 10], [4, 3], [8, 10], [5, 2]]
TEMPERATURES = [1, 2, 4, 20]
SMOOTHINGS = [0.0, 0.1]


def flat(tensor):
    """The elements in row-major order, without negative zeros."""
    return [v + 0 for v in tensor.detach().flatten().tolist()]


def tensor(data):
    return torch.tensor(data, dtype=torch.float64)


def draw_logits(shape, seed, scale=3.0):
    """Random normal numbers with four decimals, which keeps the file short."""
    generator = torch.Generator().manual_seed(seed)
    x = scale * torch.randn(shape, generator=generator, dtype=torch.float64)
    return tensor([round(v, 4) for v in flat(x)]).reshape(shape)


def student_logits(shape):
    return draw_logits(shape, seed=1000 + shape[0])


def teacher_logits(shape):
    return draw_logits(shape, seed=2000 + shape[0])


def draw_labels(shape):
    generator = torch.Generator().manual_seed(3000 + shape[0])
    return torch.randint(shape[1], (shape[0],), generator=generator)


def huge(shape, seed):
    """Logits of 100 and -100, with at least one of each in a row."""
    generator = torch.Generator().manual_seed(seed)
    signs = torch.randint(2, tuple(shape), generator=generator).to(torch.float64) * 2 - 1
    signs[:, 0] = -signs[:, 1]
    return 100.0 * signs


# The losses


def cross_entropy(student, labels, smoothing):
    return F.cross_entropy(student, labels, label_smoothing=smoothing)


def distillation(student, teacher, temperature):
    """Both in logarithms, so that small probabilities lose nothing."""
    log_student = F.log_softmax(student / temperature, dim=1)
    log_teacher = F.log_softmax(teacher / temperature, dim=1)
    divergence = F.kl_div(log_student, log_teacher, reduction="batchmean", log_target=True)
    return divergence * temperature**2


def make_case(name, loss, options, student, teacher, labels, value_of):
    student = student.clone().requires_grad_(True)
    value = value_of(student)
    (gradient,) = torch.autograd.grad(value, student)
    shape = list(student.shape)
    return {
        "name": name,
        "loss": loss,
        "options": options,
        "studentLogits": {"shape": shape, "data": flat(student), "gradient": flat(gradient)},
        "teacherLogits": None if teacher is None else {"shape": shape, "data": flat(teacher)},
        "labels": None if labels is None else labels.tolist(),
        "value": value.item() + 0,
    }


def cross_entropy_case(name, student, labels, smoothing):
    value_of = lambda z: cross_entropy(z, labels, smoothing)
    full_name = f"cross-entropy {name} smoothing {smoothing}"
    options = {"labelSmoothing": smoothing}
    return make_case(full_name, "cross-entropy", options, student, None, labels, value_of)


def kd_case(name, student, teacher, temperature):
    value_of = lambda z: distillation(z, teacher, temperature)
    full_name = f"kd {name} T {temperature}"
    options = {"temperature": temperature}
    return make_case(full_name, "kd", options, student, teacher, None, value_of)


# The cases


def label(shape):
    return "x".join(map(str, shape))


def cross_entropy_cases(smoothing):
    for shape in SHAPES:
        labels = draw_labels(shape)
        yield cross_entropy_case(label(shape), student_logits(shape), labels, smoothing)
    labels = torch.tensor([2, 0, 1, 2])
    yield cross_entropy_case("all equal", torch.full((4, 3), 1.5, dtype=torch.float64), labels, smoothing)
    yield cross_entropy_case("zeros", torch.zeros(1, 10, dtype=torch.float64), torch.tensor([9]), smoothing)
    signed = tensor([[100, -100], [100, -100], [-100, 100], [100, 100], [-100, -100]])
    yield cross_entropy_case("huge 5x2", signed, torch.tensor([0, 1, 1, 0, 1]), smoothing)
    yield cross_entropy_case("huge 4x3", huge([4, 3], 7), labels, smoothing)
    yield cross_entropy_case("same label", student_logits([4, 3]), torch.tensor([1, 1, 1, 1]), smoothing)


def kd_cases(temperature):
    for shape in SHAPES:
        student, teacher = student_logits(shape), teacher_logits(shape)
        yield kd_case(label(shape), student, teacher, temperature)
        yield kd_case(f"student is teacher {label(shape)}", teacher, teacher, temperature)
    student, teacher = student_logits([4, 3]), teacher_logits([4, 3])
    equal = torch.full((4, 3), -2.5, dtype=torch.float64)
    yield kd_case("student all equal", equal, teacher, temperature)
    yield kd_case("teacher all equal", student, equal, temperature)
    yield kd_case("both all equal", equal, equal + 4.0, temperature)
    yield kd_case("shifted", teacher + tensor([[8.0], [-8.0], [0.5], [0.0]]), teacher, temperature)
    yield kd_case("huge 4x3", huge([4, 3], 7), huge([4, 3], 8), temperature)
    yield kd_case("huge student 1x10", huge([1, 10], 9), teacher_logits([1, 10]), temperature)
    yield kd_case("huge teacher 1x10", student_logits([1, 10]), huge([1, 10], 9), temperature)
    opposed = tensor([[100, -100], [-100, 100], [100, 100], [-100, -100], [100, -100]])
    yield kd_case("huge 5x2", opposed, -opposed, temperature)


def write(path, cases):
    """Compact JSON with one case a line."""
    assert len({c["name"] for c in cases}) == len(cases), "the names of cases must differ"
    lines = [json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases]
    path.write_text('{"cases":[\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def main():
    torch.set_num_threads(1)
    cases = [c for s in SMOOTHINGS for c in cross_entropy_cases(s)]
    cases += [c for t in TEMPERATURES for c in kd_cases(t)]
    path = Path(__file__).resolve().with_name("losses.json")
    write(path, cases)
    kinds = sorted({c["loss"] for c in cases})
    print(f"{path.name}: {len(cases)} cases of {' and '.join(kinds)}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

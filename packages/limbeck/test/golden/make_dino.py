#!/usr/bin/python3
"""Make dino.json: the objective of DINO and its projection head, values and gradients in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_dino.py

A second run writes the same bytes. Written pair by pair from the published description (Caron et al. 2021, algorithm 1).

- "objectives": the mean over pairs (t, s), t a global view of the teacher and s another view of the student, of
  H(softmax((T_t - center) / tau_t), softmax(S_s / tau_s)); the teacher's entropy; and the center after the step.
- "head": scores of a projection head of three linear layers with batch normalization (of the batch) and GELU, L2
  normalization, and a last layer whose rows are normalized by PyTorch's weight_norm with lengths of 1; the gradient of their weighted sum by features and directions.
"""
import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from make_data_free import rounded
from make_losses import flat

BATCH, PROTOTYPES = 3, 5


def objective_case(locals_, student_temperature, teacher_temperature, kept):
    student = [rounded((BATCH, PROTOTYPES), 10 + i).requires_grad_(True) for i in range(2 + locals_)]
    teacher = [rounded((BATCH, PROTOTYPES), 30 + i) for i in range(2)]
    center = rounded((1, PROTOTYPES), 40)
    total, pairs, entropies = 0, 0, []
    for t, scores in enumerate(teacher):
        probabilities = F.softmax((scores - center) / teacher_temperature, dim=1)
        entropies.append(-(probabilities * probabilities.log()).sum(1).mean())
        for s, given in enumerate(student):
            if s == t:
                continue
            total = total + (-probabilities * F.log_softmax(given / student_temperature, dim=1)).sum(1).mean()
            pairs += 1
    loss = total / pairs
    slopes = torch.autograd.grad(loss, student)
    return {
        "studentTemperature": student_temperature,
        "teacherTemperature": teacher_temperature,
        "kept": kept,
        "student": [flat(scores.detach()) for scores in student],
        "teacher": [flat(scores) for scores in teacher],
        "center": flat(center),
        "loss": loss.item(),
        "entropy": (sum(entropies) / 2).item(),
        "gradients": [flat(slope) for slope in slopes],
        "nextCenter": flat(center * kept + torch.cat(teacher).mean(0, keepdim=True) * (1 - kept)),
    }


def head_case():
    width, hidden, bottleneck = 4, 6, 3
    last = nn.utils.weight_norm(nn.Linear(bottleneck, PROTOTYPES, bias=False))
    layers = [nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.GELU()]
    layers += [nn.Linear(hidden, hidden), nn.BatchNorm1d(hidden), nn.GELU(), nn.Linear(hidden, bottleneck)]
    mlp, last = nn.Sequential(*layers).double(), last.double()
    with torch.no_grad():
        for i, value in enumerate(mlp.parameters()):
            value.copy_(rounded(value.shape, 50 + i))
        last.weight_v.copy_(rounded(last.weight_v.shape, 60))
        last.weight_g.fill_(1)
    features = rounded((BATCH, width), 61).requires_grad_(True)
    weights = rounded((BATCH, PROTOTYPES), 62)
    scores = last(F.normalize(mlp(features), dim=1))
    slopes = torch.autograd.grad((scores * weights).sum(), [features, last.weight_v])
    named = [(f"head.fc{i + 1}", mlp[3 * i]) for i in range(3)] + [(f"head.bn{i + 1}", mlp[3 * i + 1]) for i in range(2)]
    return {
        "width": width,
        "sizes": {"hidden": hidden, "bottleneck": bottleneck, "prototypes": PROTOTYPES},
        "values": {
            **{f"{name}.{key}": flat(value.detach()) for name, layer in named for key, value in layer.named_parameters()},
            "head.prototypes": flat(last.weight_v.detach()),
        },
        "features": flat(features.detach()),
        "weights": flat(weights),
        "scores": flat(scores.detach()),
        "gradients": {"features": flat(slopes[0]), "head.prototypes": flat(slopes[1])},
    }


def main():
    torch.set_num_threads(1)
    objectives = [objective_case(0, 0.1, 0.07, 0.9), objective_case(3, 0.2, 0.04, 0.5)]
    path = Path(__file__).resolve().with_name("dino.json")
    found = {"objectives": objectives, "head": head_case()}
    path.write_text(json.dumps(found, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

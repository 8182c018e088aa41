#!/usr/bin/python3
"""Make optim.json: golden trajectories of PyTorch's optimizers in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_optim.py

It writes optim.json beside itself; a second run writes the same bytes.

Each case runs an optimizer for six steps on two parameters with the given
gradients, which do not depend on the parameters:

- "options" are complete: what PyTorch takes by default is written out too.
  Names are in camel case; "alpha" is the smoothing constant of RMSprop.
- "learningRates" holds the learning rate of each step, "options.lr" the first.
- "trajectory" holds the parameters after each step.
- "state" holds PyTorch's slots after the last step, one entry a parameter;
  "step" is the number of steps taken, an entry of one number a parameter. SGD
  has no "step", and without momentum there is no "momentum_buffer".
"""
import json
from pathlib import Path

import torch

STEPS = 6
SHAPES = [("weight", [3, 4]), ("bias", [3])]
SGD = {"lr": 0.1, "momentum": 0.0, "nesterov": False, "weightDecay": 0.0}
ADAM = {"lr": 0.001, "betas": [0.9, 0.999], "eps": 1e-8, "weightDecay": 0.0}
ADAMW = {**ADAM, "weightDecay": 0.01}
RMSPROP = {"lr": 0.01, "alpha": 0.99, "eps": 1e-8, "weightDecay": 0.0, "momentum": 0.0, "centered": False}
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, SGD),
    "adam": (torch.optim.Adam, ADAM),
    "adamw": (torch.optim.AdamW, ADAMW),
    "rmsprop": (torch.optim.RMSprop, RMSPROP),
}
SCHEDULE = [1.0, 0.8, 0.5, 0.5, 2.0, 0.0]  # times the learning rate, one a step
CASES = [
    # name, optimizer, options other than the default, whether the learning rate changes
    ("sgd", "sgd", {}, False),
    ("sgd momentum", "sgd", {"momentum": 0.9}, False),
    ("sgd nesterov", "sgd", {"momentum": 0.9, "nesterov": True}, False),
    ("sgd weight decay", "sgd", {"weightDecay": 0.1}, False),
    ("sgd momentum, weight decay", "sgd", {"momentum": 0.9, "weightDecay": 0.1}, False),
    ("sgd nesterov, weight decay", "sgd", {"momentum": 0.9, "nesterov": True, "weightDecay": 0.1}, False),
    ("sgd schedule", "sgd", {"momentum": 0.9}, True),
    ("adam", "adam", {}, False),
    ("adam weight decay", "adam", {"weightDecay": 0.1}, False),
    ("adam betas, eps", "adam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 0.01}, False),
    ("adam schedule", "adam", {"lr": 0.02}, True),
    ("adamw weight decay 0.01", "adamw", {}, False),
    ("adamw weight decay 0.1", "adamw", {"weightDecay": 0.1, "lr": 0.05}, False),
    ("adamw no weight decay", "adamw", {"weightDecay": 0.0}, False),
    ("adamw schedule", "adamw", {"lr": 0.02, "weightDecay": 0.1}, True),
    ("rmsprop", "rmsprop", {}, False),
    ("rmsprop momentum", "rmsprop", {"momentum": 0.9}, False),
    ("rmsprop weight decay", "rmsprop", {"weightDecay": 0.1, "alpha": 0.9}, False),
    ("rmsprop schedule", "rmsprop", {"momentum": 0.9}, True),
]


def flat(tensor):
    return tensor.detach().flatten().tolist()


def draw(generator, shape, scale):
    """Random normal numbers with four decimals, which keeps the file short."""
    x = scale * torch.randn(shape, generator=generator, dtype=torch.float64)
    rounded = [round(v, 4) for v in flat(x)]
    return torch.tensor(rounded, dtype=torch.float64).reshape(shape)


def draw_all(seed):
    """Start values of the parameters and gradients of every step."""
    generator = torch.Generator().manual_seed(seed)
    start = [draw(generator, shape, 1.0) for _, shape in SHAPES]
    gradients = [[draw(generator, shape, 0.5) for _, shape in SHAPES] for _ in range(STEPS)]
    return start, gradients


def torch_options(options):
    """The options under PyTorch's names."""
    named = {"weight_decay" if k == "weightDecay" else k: v for k, v in options.items()}
    if "betas" in named:
        named["betas"] = tuple(named["betas"])
    return named


def run(optimizer, parameters, gradients, rates):
    """Step through the gradients; the parameters after each step."""
    trajectory = []
    for step, rate in zip(gradients, rates):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for parameter, gradient in zip(parameters, step):
            parameter.grad = gradient.clone()
        optimizer.step()
        trajectory.append([flat(p) for p in parameters])
    return trajectory


def slots(optimizer, parameters):
    """PyTorch's state, by slot and then by parameter; unused slots left out."""
    states = [optimizer.state[p] for p in parameters]
    names = sorted(k for k, v in states[0].items() if v is not None)
    return {name: [flat(torch.as_tensor(s[name])) for s in states] for name in names}


def make_case(seed, name, kind, changes, scheduled):
    constructor, defaults = OPTIMIZERS[kind]
    options = {**defaults, **changes}
    rates = [options["lr"] * (f if scheduled else 1.0) for f in SCHEDULE]
    start, gradients = draw_all(seed)
    parameters = [torch.nn.Parameter(p.clone()) for p in start]
    optimizer = constructor(parameters, **torch_options(options))
    trajectory = run(optimizer, parameters, gradients, rates)
    return {
        "name": name,
        "optimizer": kind,
        "options": options,
        "parameters": [{"name": n, "shape": s, "data": flat(p)} for (n, s), p in zip(SHAPES, start)],
        "gradients": [[flat(g) for g in step] for step in gradients],
        "learningRates": rates,
        "trajectory": trajectory,
        "state": slots(optimizer, parameters),
    }


def write(path, cases):
    """Compact JSON with one case a line."""
    assert len({c["name"] for c in cases}) == len(cases), "the names of cases must differ"
    lines = [json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases]
    path.write_text('{"cases":[\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def main():
    torch.set_num_threads(1)
    cases = [make_case(seed, *entry) for seed, entry in enumerate(CASES)]
    path = Path(__file__).resolve().with_name("optim.json")
    write(path, cases)
    print(f"{path.name}: {len(cases)} cases of {len(OPTIMIZERS)} optimizers, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

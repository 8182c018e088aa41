"""PyTorch's training step of the multi-layer perceptron."""

from distillation import distillation_step
from harness import run


def forward(values, batch):
    from torch.nn import functional

    x = batch["images"]
    for layer in range(1, len(values) // 2 + 1):
        x = functional.linear(x if layer == 1 else functional.relu(x), values[f"fc{layer}.weight"], values[f"fc{layer}.bias"])
    return x


def start(problem):
    import torch

    settings = problem.settings
    return distillation_step(
        problem, forward, lambda values: torch.optim.SGD(values, lr=settings["learningRate"], momentum=settings["momentum"])
    )


if __name__ == "__main__":
    run(start)

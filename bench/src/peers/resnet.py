"""PyTorch's training step of a ResNet for small images."""

from distillation import distillation_step
from harness import run


def forward(values, images, depth, training):
    from torch.nn import functional

    def conv(x, name, stride=1):
        weight = values[f"{name}.weight"]
        return functional.conv2d(x, weight, stride=stride, padding=weight.shape[2] // 2)

    def norm(x, name):
        return functional.batch_norm(
            x,
            values[f"{name}.running_mean"],
            values[f"{name}.running_var"],
            values[f"{name}.weight"],
            values[f"{name}.bias"],
            training=training,
        )

    def block(x, name, stride):
        inner = functional.relu(norm(conv(x, f"{name}.conv1", stride), f"{name}.bn1"), inplace=True)
        outer = norm(conv(inner, f"{name}.conv2"), f"{name}.bn2")
        if f"{name}.downsample.0.weight" in values:
            x = norm(conv(x, f"{name}.downsample.0", stride), f"{name}.downsample.1")
        outer += x
        return functional.relu(outer, inplace=True)

    x = functional.relu(norm(conv(images, "conv1"), "bn1"), inplace=True)
    for stage in (1, 2, 3):
        for i in range((depth - 2) // 6):
            x = block(x, f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1)
    return functional.linear(x.mean((2, 3)), values["fc.weight"], values["fc.bias"])


def start(problem):
    import torch

    settings = problem.settings
    depth, teacher_depth = int(settings["depth"]), int(settings.get("teacherDepth", 0))
    return distillation_step(
        problem,
        lambda values, batch: forward(values, batch["images"], depth, True),
        lambda values: torch.optim.SGD(
            values, lr=settings["learningRate"], momentum=settings["momentum"], weight_decay=settings["weightDecay"]
        ),
        lambda values, batch: forward(values, batch["images"], teacher_depth, False),
    )


if __name__ == "__main__":
    run(start)

"""PyTorch's training step of a text encoder."""

from distillation import distillation_step
from harness import run

EPS = 1e-12


def forward(values, tokens, layers, heads):
    from torch.nn import functional

    batch, length = tokens.shape
    word = values["embeddings.word.weight"]
    width = word.shape[1]

    def linear(x, name):
        return functional.linear(x, values[f"{name}.weight"], values[f"{name}.bias"])

    def norm(x, name):
        return functional.layer_norm(x, (width,), values[f"{name}.weight"], values[f"{name}.bias"], EPS)

    def split(x):
        return x.view(batch, length, heads, width // heads).transpose(1, 2)

    def attention(x, name):
        q, k, v = (split(linear(x, f"{name}.{part}")) for part in ("query", "key", "value"))
        scores = (q * (width // heads) ** -0.5) @ k.transpose(-1, -2)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width)
        return linear(mixed, f"{name}.output")

    x = norm(functional.embedding(tokens.long(), word) + values["embeddings.position.weight"], "embeddings.norm")
    for layer in range(layers):
        name = f"layer.{layer}"
        x = norm(x + attention(x, f"{name}.attention"), f"{name}.attention.norm")
        inner = functional.gelu(linear(x, f"{name}.intermediate"))
        x = norm(x + linear(inner, f"{name}.output"), f"{name}.norm")
    return linear(x[:, 0], "classifier")


def start(problem):
    import torch

    settings = problem.settings
    heads, layers, teacher_layers = (int(settings.get(name, 0)) for name in ("heads", "layers", "teacherLayers"))
    return distillation_step(
        problem,
        lambda values, batch: forward(values, batch["tokens"], layers, heads),
        lambda values: torch.optim.SGD(values, lr=settings["learningRate"], momentum=settings["momentum"]),
        lambda values, batch: forward(values, batch["tokens"], teacher_layers, heads),
    )


if __name__ == "__main__":
    run(start)

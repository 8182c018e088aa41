"""PyTorch's training step of the multi-layer perceptron."""

from harness import run


def start(parameters, settings):
    import torch
    from torch.nn import functional

    values = [value.requires_grad_() for value in parameters.values()]
    layers = list(zip(values[::2], values[1::2]))
    optimizer = torch.optim.SGD(values, lr=settings["learningRate"], momentum=settings["momentum"])
    temperature, hard_weight = settings["temperature"], settings["hardWeight"]

    def loss_of(images, labels, teacher_logits):
        x = images
        for number, (weight, bias) in enumerate(layers):
            x = functional.linear(x if number == 0 else functional.relu(x), weight, bias)
        student = functional.log_softmax(x / temperature, dim=1)
        teacher = functional.log_softmax(teacher_logits / temperature, dim=1)
        soft = functional.kl_div(student, teacher, reduction="batchmean", log_target=True) * temperature**2
        return hard_weight * functional.cross_entropy(x, labels) + (1 - hard_weight) * soft

    def step(batch):
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(batch["images"], batch["labels"].long(), batch["teacherLogits"])
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


if __name__ == "__main__":
    run(start)

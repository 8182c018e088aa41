"""A student's training step in PyTorch, for any network: labels, and a teacher that runs beside it or ran before."""


def distillation_step(problem, forward, optimizer, teacher=None):
    """A function that trains one step on a batch and returns its loss.

    `forward(values, batch)` returns logits of the student, `teacher` likewise where the batch holds no teacherLogits;
    `optimizer(parameters)` returns a torch optimizer.
    """
    import torch
    from torch.nn import functional

    settings = problem.settings
    temperature, hard_weight = settings["temperature"], settings["hardWeight"]
    parameters = [value.requires_grad_() for value in problem.parameters.values()]
    values = {**problem.parameters, **problem.buffers}
    optimize = optimizer(parameters)

    def teacher_logits(batch):
        if "teacherLogits" in batch:
            return batch["teacherLogits"]
        with torch.no_grad():
            return teacher(problem.teacher, batch)

    def step(batch):
        optimize.zero_grad(set_to_none=True)
        soft_targets = functional.log_softmax(teacher_logits(batch) / temperature, dim=1)
        logits = forward(values, batch)
        student = functional.log_softmax(logits / temperature, dim=1)
        soft = functional.kl_div(student, soft_targets, reduction="batchmean", log_target=True) * temperature**2
        hard = functional.cross_entropy(logits, batch["labels"].long())
        loss = hard_weight * hard + (1 - hard_weight) * soft
        loss.backward()
        optimize.step()
        return loss.item()

    return step

"""What every PyTorch peer shares: reads the problem, times the steps, prints the measurement as JSON.

A script calls `run(start)`, where `start(problem)` returns a function that trains one step on a batch (a dict of
tensors) and returns its loss.
"""

import json
import math
import statistics
import struct
import sys
import time

CHECKED_STEPS = 3


def read_problem(path):
    """Tensors and settings of a safetensors file."""
    import numpy

    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    settings = {name: float(value) for name, value in header.pop("__metadata__").items()}
    types = {"F32": numpy.float32, "I32": numpy.int32}
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        numbers = numpy.frombuffer(bytearray(data[start:end]), types[entry["dtype"]])
        tensors[name] = numbers.reshape(entry["shape"])
    return tensors, settings


def under(tensors, prefix):
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


class Problem:
    """Settings, and by name what is trained, what is carried along, and what a teacher is made of."""

    def __init__(self, tensors, settings):
        self.settings = settings
        self.parameters, self.buffers, self.teacher = (
            tensors_under(tensors, prefix) for prefix in ("parameter/", "buffer/", "teacher/")
        )


def tensors_under(arrays, prefix):
    import torch

    return {name: torch.from_numpy(value) for name, value in under(arrays, prefix).items()}


def batch_at(batches, index):
    """The batch whose turn it is, as tensors over the same memory."""
    import torch

    return {name: torch.from_numpy(value[index % len(value)]) for name, value in batches.items()}


def time_steps(step, plan):
    """First steps for the comparison of losses, warm-up, timed steps."""
    count = 0

    def next_step():
        nonlocal count
        count += 1
        return step(count - 1)

    losses = [next_step() for _ in range(CHECKED_STEPS)]
    warm = time.perf_counter() + plan["warmupSeconds"]
    next_step()
    while time.perf_counter() < warm:
        next_step()
    times = []
    loss = math.nan
    end = time.perf_counter() + plan["seconds"]
    while len(times) < plan["maxSteps"] and (len(times) < plan["minSteps"] or time.perf_counter() < end):
        start = time.perf_counter()
        loss = next_step()
        times.append((time.perf_counter() - start) * 1000)
    if not math.isfinite(loss):
        raise ArithmeticError(f"the loss is {loss} after {count} steps")
    return {"value": statistics.median(times), "steps": len(times), "losses": losses}


def peak_bytes():
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def measure(start, path, plan):
    import torch

    torch.set_num_threads(plan["threads"])
    tensors, settings = read_problem(path)
    batches = under(tensors, "batch/")
    train = start(Problem(tensors, settings))
    timing = time_steps(lambda index: train(batch_at(batches, index)), plan)
    threads = f"{plan['threads']} thread{'' if plan['threads'] == 1 else 's'}"
    return {**timing, "peakBytes": peak_bytes(), "about": f"torch {torch.__version__}, {threads} (the better of 1 and all)"}


def run(start):
    """Measures and prints, or prints why it cannot."""
    try:
        import numpy  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        print(json.dumps({"absent": f"{sys.executable} cannot import torch: {error}"}))
        return
    print(json.dumps(measure(start, sys.argv[1], json.loads(sys.argv[2]))))

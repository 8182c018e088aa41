#!/usr/bin/python3
"""Make losses_specialists.json: golden values and gradients of losses on the answers of specialists, in float64.

Run it with Debian's PyTorch, without arguments:

    /usr/bin/python3 make_losses_specialists.py

A second run writes the same bytes. Written sample by sample and specialist by specialist from the published descriptions.

- "restricted-kd" (Hinton, Vinyals & Dean 2015, section 5; Vongkulbhisal et al. 2019):
  T^2 * mean over samples of sum_k share_k * KL(softmax(z_k / T) || softmax(z[C_k] / T)); without specialists plain KD.
"""
from torch.nn import functional as F

from loss_cases import constant, draw, entry, write
from make_losses_self import make


def divergence(student, teacher, tau):
    return tau**2 * F.kl_div(F.log_softmax(student / tau, 0), F.softmax(teacher / tau, 0), reduction="sum")


def restricted_case(name, shape, sets, share, seed, **options):
    z = draw(shape, seed, 2)
    tau = options.get("temperature", 4)
    answers = [draw([shape[0], len(classes)], seed + 10 + k, 3) for k, classes in enumerate(sets)]
    shares = share(shape[0], len(sets))

    def rows(z):
        return [
            sum(shares[n, k] * divergence(z[n, classes], answers[k][n], tau) for k, classes in enumerate(sets))
            for n in range(shape[0])
        ]

    seen = [
        {"classes": classes, "logits": entry(answers[k]), "share": entry(shares[:, k : k + 1])}
        for k, classes in enumerate(sets)
    ]
    return make("restricted-kd", name, options, z, rows, specialists=seen)


def even(samples, teachers):
    return constant([samples, teachers], 1 / teachers)


def drawn(samples, teachers):
    return F.softmax(draw([samples, teachers], 5), dim=1)


def plain_case():
    z, teacher = draw([4, 5], 3, 2), draw([4, 5], 4, 3)
    return make(
        "restricted-kd",
        "one teacher of all classes 4x5",
        {"temperature": 2},
        z,
        lambda z: [divergence(row, other, 2) for row, other in zip(z, teacher)],
        teacherLogits=entry(teacher),
    )


def cases():
    yield restricted_case("even 1x4", [1, 4], [[0, 1], [2, 3]], even, 1)
    yield restricted_case("in another order 4x6", [4, 6], [[5, 0, 2], [4, 1, 3]], even, 2, temperature=1)
    yield restricted_case("by sample 5x10", [5, 10], [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]], drawn, 3, temperature=3)
    yield restricted_case("overlapping 3x7", [3, 7], [[0, 1, 2], [2, 3, 4], [6, 5, 2]], drawn, 4, temperature=2)
    yield restricted_case("some classes of nobody 2x8", [2, 8], [[1, 3], [4, 6]], even, 5, temperature=20)
    yield plain_case()


if __name__ == "__main__":
    write(__file__, "losses_specialists.json", list(cases()))

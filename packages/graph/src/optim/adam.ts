import { GraphError } from "../errors.js";
import { add, div, mul, sqrt, sub } from "../ops/build.js";
import type { Tensor } from "../tensor.js";
import type { Optimizer, OptimizerEntry, OptimizerUpdate } from "./optimizer.js";

/** Options of {@link adam} and {@link adamw}, as PyTorch's. */
export interface AdamOptions {
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8. */
  readonly eps?: number;
  /** Adam: L2 penalty in the gradient, default 0. AdamW: decoupled decay, default 0.01. */
  readonly weightDecay?: number;
}

/** Adam (Kingma & Ba 2015, algorithm 1), in the form of `torch.optim.Adam`. */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamLike("adam", options, options.weightDecay ?? 0, 0);
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019), in the form of `torch.optim.AdamW`. */
export function adamw(options: AdamOptions = {}): Optimizer {
  return adamLike("adamw", options, 0, options.weightDecay ?? 0.01);
}

/**
 * The bias corrections are folded into two scalars, which saves passes over memory:
 * `lr / c1 · m / (sqrt(v) / sqrt(c2) + eps)` is `rate · m / (sqrt(v) + eps · sqrt(c2))` with `rate = lr · sqrt(c2) / c1`.
 */
function adamLike(name: string, options: AdamOptions, penalty: number, decay: number): Optimizer {
  const [beta1, beta2] = options.betas ?? [0.9, 0.999];
  const eps = options.eps ?? 1e-8;
  const wrong = [beta1, beta2].find((beta) => !(beta >= 0 && beta < 1));
  if (wrong !== undefined) throw new GraphError("OPTION_INVALID", "betas must be in [0, 1)", { value: wrong });
  const step = (entry: OptimizerEntry, scalars: Readonly<Record<string, Tensor>>): OptimizerUpdate => {
    const { parameter, slots } = entry;
    const gradient = penalty === 0 ? entry.gradient : add(entry.gradient, mul(parameter, penalty));
    const first = add(mul(slots.exp_avg!, beta1), mul(gradient, 1 - beta1));
    const second = add(mul(slots.exp_avg_sq!, beta2), mul(mul(gradient, gradient), 1 - beta2));
    const change = div(mul(first, scalars.rate!), add(sqrt(second), scalars.eps!));
    const kept = decay === 0 ? parameter : mul(parameter, scalars.keep!);
    return { parameter: sub(kept, change), slots: { exp_avg: first, exp_avg_sq: second } };
  };
  return {
    name,
    isElementwise: true,
    slots: ["exp_avg", "exp_avg_sq"],
    scalars: (count, learningRate) => {
      const root = Math.sqrt(1 - beta2 ** count);
      const rate = (learningRate * root) / (1 - beta1 ** count);
      return { rate, eps: eps * root, ...(decay === 0 ? {} : { keep: 1 - learningRate * decay }) };
    },
    update: (entries, scalars) => entries.map((entry) => step(entry, scalars)),
  };
}

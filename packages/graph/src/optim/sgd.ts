import { GraphError } from "../errors.js";
import { add, gemm, mul, neg, sub } from "../ops/build.js";
import type { Tensor } from "../tensor.js";
import type { Optimizer, OptimizerEntry, OptimizerUpdate } from "./optimizer.js";
import { addedRows, addRows } from "./rows.js";

/** Options of {@link sgd}, as PyTorch's. */
export interface SgdOptions {
  /** Default 0: no momentum, no state. */
  readonly momentum?: number;
  /** Looks ahead by one momentum step. Default `false`. */
  readonly nesterov?: boolean;
  /** L2 penalty added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent with PyTorch's momentum: `b ← momentum · b + g`, `p ← p - lr · b`.
 * Source: Sutskever et al. 2013, in the form of `torch.optim.SGD`.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
  if (nesterov && momentum === 0) {
    throw new GraphError("OPTION_INVALID", "nesterov needs a momentum above 0", { value: momentum });
  }
  const step = (entry: OptimizerEntry, lr: Tensor): OptimizerUpdate => {
    const { parameter, slots } = entry;
    const gradient = weightDecay === 0 ? entry.gradient : add(entry.gradient, mul(parameter, weightDecay));
    if (momentum === 0) return { parameter: subtractScaled(parameter, gradient, lr), slots: {} };
    const buffer = accumulate(slots.momentum_buffer!, momentum, gradient, nesterov);
    const direction = nesterov ? add(gradient, mul(buffer, momentum)) : buffer;
    return { parameter: sub(parameter, mul(direction, lr)), slots: { momentum_buffer: buffer } };
  };
  return {
    name: "sgd",
    isElementwise: true,
    slots: momentum === 0 ? [] : ["momentum_buffer"],
    scalars: (_, learningRate) => ({ lr: learningRate }),
    update: (entries, { lr }) => entries.map((entry) => step(entry, lr!)),
  };
}

/** `parameter - lr · gradient`; of an embedding, only the rows that a batch took are touched. */
function subtractScaled(parameter: Tensor, gradient: Tensor, lr: Tensor): Tensor {
  const rows = addedRows(gradient);
  return rows ? addRows(parameter, rows, mul(rows.updates, neg(lr))) : sub(parameter, mul(gradient, lr));
}

/**
 * `momentum · buffer + gradient`. Where the gradient is a matrix product that nothing else needs, the product adds it up
 * itself, which saves two passes over memory (in single precision only, because Gemm's factor has no more). The rows that a
 * batch took of an embedding are added into the decayed buffer, which saves a table of zeros.
 */
function accumulate(buffer: Tensor, momentum: number, gradient: Tensor, isNeededAgain: boolean): Tensor {
  const decayed = () => mul(buffer, momentum);
  if (isNeededAgain) return add(decayed(), gradient);
  const rows = addedRows(gradient);
  if (rows) return addRows(decayed(), rows, rows.updates);
  const node = gradient.source.kind === "node" ? gradient.source.node : undefined;
  const [a, b, c] = node?.inputs ?? [];
  const isProduct = node?.op === "Gemm" && a && b && !c && gradient.dtype === "float32";
  return isProduct ? gemm(a, b, buffer, { ...node.attributes, beta: momentum }) : add(decayed(), gradient);
}

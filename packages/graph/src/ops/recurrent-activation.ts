import { GraphError } from "../errors.js";
import { numbersAttribute } from "../operator.js";
import type { Attributes, Tensor } from "../tensor.js";
import * as f from "./build.js";
import { positive } from "./build-activation.js";

/** An activation inside of a recurrent operator. */
export interface GateActivation {
  /** The result for a sum that is clipped already. */
  value(sum: Tensor): Tensor;
  /** Its slope there, given the sum and the result. */
  slope(sum: Tensor, value: Tensor): Tensor;
}

interface Family {
  /** Defaults of the coefficients that it takes. */
  readonly alpha?: number;
  readonly beta?: number;
  make(alpha: number, beta: number): GateActivation;
}

const one = (x: Tensor) => x.graph.scalar(1, x.dtype);
const isPositive = (x: Tensor) => f.greater(x, 0);
const squareComplement = (y: Tensor) => f.sub(1, f.mul(y, y));

const FAMILIES: Readonly<Record<string, Family>> = {
  sigmoid: { make: () => ({ value: f.sigmoid, slope: (_, y) => f.mul(y, f.sub(1, y)) }) },
  tanh: { make: () => ({ value: f.tanh, slope: (_, y) => squareComplement(y) }) },
  relu: { make: () => ({ value: f.relu, slope: (x) => positive(x) }) },
  softplus: { make: () => ({ value: (x) => f.emitOne("Softplus", [x]), slope: (x) => f.sigmoid(x) }) },
  softsign: {
    make: () => ({
      value: (x) => f.emitOne("Softsign", [x]),
      slope: (x) => {
        const root = f.add(f.abs(x), 1);
        return f.div(1, f.mul(root, root));
      },
    }),
  },
  leakyrelu: {
    alpha: 0.01,
    make: (alpha) => ({
      value: (x) => f.emitOne("LeakyRelu", [x], { alpha }),
      slope: (x) => f.where(isPositive(x), one(x), x.graph.scalar(alpha, x.dtype)),
    }),
  },
  elu: {
    alpha: 1,
    make: (alpha) => ({
      value: (x) => f.emitOne("Elu", [x], { alpha }),
      slope: (x, y) => f.where(isPositive(x), one(x), f.add(y, alpha)),
    }),
  },
  hardsigmoid: {
    alpha: 0.2,
    beta: 0.5,
    make: (alpha, beta) => ({
      value: (x) => f.emitOne("HardSigmoid", [x], { alpha, beta }),
      slope: (_, y) => {
        const isInside = f.and(isPositive(y), f.less(y, 1));
        return f.where(isInside, y.graph.scalar(alpha, y.dtype), y.graph.scalar(0, y.dtype));
      },
    }),
  },
};

/**
 * The activations of one direction; coefficients are handed out in order to those that take them.
 * @param names of all directions
 * @throws GraphError NO_GRADIENT for activations without a slope here
 */
export function gateActivations(
  names: readonly string[],
  attributes: Attributes,
  direction: number,
  directions: number,
): GateActivation[] {
  const [alphas, betas] = ["activation_alpha", "activation_beta"].map((name) => [
    ...(numbersAttribute(attributes, name) ?? []),
  ]);
  const all = names.map((name) => {
    const family = Object.hasOwn(FAMILIES, name.toLowerCase()) ? FAMILIES[name.toLowerCase()] : undefined;
    if (!family) throw new GraphError("NO_GRADIENT", `the activation ${name} has no gradient here`, { value: name });
    const alpha = family.alpha === undefined ? 0 : Math.fround(alphas!.shift() ?? family.alpha);
    const beta = family.beta === undefined ? 0 : Math.fround(betas!.shift() ?? family.beta);
    return family.make(alpha, beta);
  });
  const each = all.length / directions;
  return all.slice(direction * each, (direction + 1) * each);
}

/** An activation of sums that are limited to [-limit, limit] first. */
export function clipped(activation: GateActivation, limit: number | undefined): GateActivation {
  if (limit === undefined) return activation;
  const inside = (sum: Tensor) => f.clip(sum, -limit, limit);
  return {
    value: (sum) => activation.value(inside(sum)),
    slope: (sum, value) => f.mul(activation.slope(inside(sum), value), f.cast(f.less(f.abs(sum), limit), sum.dtype)),
  };
}

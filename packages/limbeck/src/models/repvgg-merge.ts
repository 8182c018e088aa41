import type { ModelValues } from "./model.js";

const EPS = 1e-5;
const KERNEL = 9;
const CENTER = 4;

/**
 * Values of a deployed RepVGG: for each block one 3×3 filter and bias that do what its normalized branches do together
 * (the paper's section 3.3), worked out in double precision; all else stays.
 * @param blocks names of the blocks
 */
export function mergedBranches(blocks: readonly string[], values: ModelValues): ModelValues {
  const isBranch = (name: string) => blocks.some((block) => name.startsWith(`${block}.rbr_`));
  const kept = Object.entries(values).filter(([name]) => !isBranch(name));
  return Object.fromEntries([...kept, ...blocks.flatMap((block) => mergedBlock(block, values))]);
}

function mergedBlock(block: string, values: ModelValues): [string, Float32Array][] {
  const of = (name: string) => values[`${block}.${name}`];
  const dense = of("rbr_dense.conv.weight")!;
  const point = of("rbr_1x1.conv.weight")!;
  const out = of("rbr_dense.bn.weight")!.length;
  const inputs = point.length / out;
  const weight = new Float64Array(dense.length);
  const bias = new Float64Array(out);
  const [first, second] = [affineOf(block, "rbr_dense.bn", values), affineOf(block, "rbr_1x1.bn", values)];
  const third = of("rbr_identity.weight") && affineOf(block, "rbr_identity", values);
  for (let k = 0; k < out; k++) {
    for (let c = 0; c < inputs; c++) {
      const at = (k * inputs + c) * KERNEL;
      for (let i = 0; i < KERNEL; i++) weight[at + i] = dense[at + i]! * first.scale[k]!;
      weight[at + CENTER]! += point[k * inputs + c]! * second.scale[k]!;
      if (third && c === k) weight[at + CENTER]! += third.scale[k]!;
    }
    bias[k] = first.shift[k]! + second.shift[k]! + (third?.shift[k] ?? 0);
  }
  return [
    [`${block}.rbr_reparam.weight`, Float32Array.from(weight)],
    [`${block}.rbr_reparam.bias`, Float32Array.from(bias)],
  ];
}

/** A normalization by running statistics as y = scale · x + shift. */
function affineOf(block: string, norm: string, values: ModelValues) {
  const of = (name: string) => values[`${block}.${norm}.${name}`]!;
  const [weight, bias, mean, variance] = [of("weight"), of("bias"), of("running_mean"), of("running_var")];
  const scale = Float64Array.from(weight, (w, k) => w / Math.sqrt(variance[k]! + EPS));
  return { scale, shift: Float64Array.from(bias, (b, k) => b - mean[k]! * scale[k]!) };
}

import { isFloat } from "../../dtype.js";
import { sameShape } from "../../shape.js";
import type { Tensor } from "../../tensor.js";
import { operatorOf } from "../model.js";
import type { TapFacts } from "./report.js";
import type { Step, Walk } from "./walk.js";

const MOST_LANDMARKS = 12;
/** Operators that change the resolution of what they read. */
const RESAMPLING: ReadonlySet<string> = new Set([
  ...["AveragePool", "Conv", "ConvTranspose", "DepthToSpace", "GlobalAveragePool", "GlobalMaxPool", "LpPool"],
  ...["MaxPool", "ReduceMean", "Resize", "SpaceToDepth"],
]);
const PRODUCTS: ReadonlySet<string> = new Set(["Conv", "Gemm", "MatMul"]);

/** Every computed value that an import can end at, in the order in which they are computed. */
export function tapsOf(walk: Walk): TapFacts[] {
  const spoiled = new Set<Tensor>();
  const taps: { readonly name: string; readonly operator: string; readonly tensor: Tensor }[] = [];
  for (const step of walk.steps) {
    const results = step.node.output.flatMap((name) => {
      const tensor = walk.values.get(name);
      return tensor ? [{ name, operator: operatorOf(step.node), tensor }] : [];
    });
    if (step.failure !== undefined || step.inputs.some((input) => spoiled.has(input))) {
      for (const { tensor } of results) spoiled.add(tensor);
    } else taps.push(...results.filter(({ tensor }) => tensor.source.kind === "node"));
  }
  const candidates = landmarksOf(walk);
  const landmarks = thinned(taps.map(({ tensor }) => tensor).filter((tensor) => candidates.has(tensor)));
  return taps.map(({ name, operator, tensor: { dtype, shape }, tensor }) => {
    return { name, operator, dtype, shape, landmark: landmarks.has(tensor) };
  });
}

/** Results of residual sums, values before the resolution changes, and what the last product reads. */
function landmarksOf({ steps }: Walk): Set<Tensor> {
  const found = new Set<Tensor>();
  for (const step of steps) {
    for (const { op, inputs, outputs } of step.emitted) {
      const [a, b] = inputs;
      const output = outputs[0]!;
      if (op === "Add" && isJoin(a, b, output)) found.add(output);
      if (a && isComputed(a) && RESAMPLING.has(op) && changesResolution(a, output)) found.add(a);
    }
  }
  const last = lastProduct(steps);
  if (last && isComputed(last)) found.add(last);
  return found;
}

function isComputed({ source, dtype }: Tensor): boolean {
  return source.kind === "node" && isFloat(dtype);
}

function isJoin(a: Tensor | undefined, b: Tensor | undefined, sum: Tensor): boolean {
  if (!a || !b || !isComputed(a) || !isComputed(b)) return false;
  return sum.shape.length >= 2 && sameShape(a.shape, sum.shape) && sameShape(b.shape, sum.shape);
}

function changesResolution(from: Tensor, to: Tensor): boolean {
  const rank = from.shape.length;
  return rank >= 4 && rank === to.shape.length && from.shape.slice(2).join() !== to.shape.slice(2).join();
}

function lastProduct(steps: readonly Step[]): Tensor | undefined {
  return steps.flatMap(({ emitted }) => emitted).findLast(({ op }) => PRODUCTS.has(op))?.inputs[0];
}

/** Not more than fit on a screen: evenly spaced, the last one among them. */
function thinned(tensors: readonly Tensor[]): Set<Tensor> {
  const all = [...new Set(tensors)];
  const count = Math.min(all.length, MOST_LANDMARKS);
  return new Set(Array.from({ length: count }, (_, i) => all[Math.ceil(((i + 1) * all.length) / count) - 1]!));
}

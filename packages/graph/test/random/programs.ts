import fc from "fast-check";
import { toTypedArray } from "../../src/dtype.js";
import { gradients, ops, type Tensor, type TypedArray } from "../../src/index.js";
import { numbersFor, type Precision, ProgramBuilder, type ProgramPlan, type Step } from "./builder.js";
import { elementwise, elementwise32 } from "./elementwise.js";
import { layouts } from "./layout.js";
import { networks, networks32 } from "./networks.js";

/** All steps of programs in a precision. */
export const STEPS: Readonly<Record<Precision, Readonly<Record<string, Step>>>> = {
  float64: { ...elementwise, ...layouts, ...networks },
  float32: { ...elementwise, ...elementwise32, ...layouts, ...networks, ...networks32 },
};

/** A program, and the graph that it builds. */
export interface Program {
  readonly build: ProgramBuilder;
  readonly loss: Tensor;
  /** The sum of the absolute values of all that the loss adds up. */
  readonly size: Tensor;
  /** Values of all inputs and parameters. */
  readonly feeds: Readonly<Record<string, TypedArray>>;
  /** Small numbers of the same form, with random signs. */
  readonly direction: Readonly<Record<string, readonly number[]>>;
}

/** Random plans; `draw` keeps size-1 dimensions frequent. */
export function plans(precision: Precision): fc.Arbitrary<ProgramPlan> {
  const shape = fc.array(fc.constantFrom(1, 2, 3, 4, 1), { maxLength: 4 });
  const step = fc.record({
    name: fc.constantFrom(...Object.keys(STEPS[precision])),
    picks: fc.array(fc.nat(7), { minLength: 2, maxLength: 2 }),
    choices: fc.array(fc.nat(999), { minLength: 4, maxLength: 8 }),
  });
  return fc.record({
    shapes: fc.array(shape, { minLength: 1, maxLength: 3 }),
    steps: fc.array(step, { minLength: 1, maxLength: 8 }),
    seed: fc.nat(999_999),
  });
}

/** Builds a plan's graph: outputs are what it computes, and the loss is their sum, weighted at random. */
export function buildProgram(plan: ProgramPlan, precision: Precision): Program {
  const build = new ProgramBuilder(plan, precision, STEPS[precision]);
  const { graph } = build;
  const results = build.results();
  const weighted = results.map((result, i) => {
    const weights = numbersFor(plan.seed, `weight ${i}`, result.shape);
    return ops.mul(result, graph.constant(precision, result.shape, weights));
  });
  const total = (terms: readonly Tensor[]) => terms.map((term) => ops.reduceSum(term)).reduce((a, b) => ops.add(a, b));
  for (const [i, result] of results.entries()) graph.output(`y${i}`, result);
  const numbers = (name: string) =>
    build.leaves.map((leaf) => [leaf.name, numbersFor(plan.seed, name + leaf.name, leaf.shape)] as const);
  return {
    build,
    loss: total(weighted),
    size: total(weighted.map(ops.abs)),
    feeds: Object.fromEntries(
      numbers("value").map(([name, values]) => [
        name,
        toTypedArray(
          precision,
          values.map((v) => 1.5 * v),
        ),
      ]),
    ),
    direction: Object.fromEntries(numbers("direction")),
  };
}

/** Adds the loss, its gradients and the sides of kinks to a program's outputs. */
export function withGradients({ build, loss, size }: Program): void {
  const { graph, leaves, sides } = build;
  graph.output("loss", loss);
  graph.output("size", size);
  for (const [i, gradient] of gradients(loss, leaves).entries()) graph.output(`d${leaves[i]!.name}`, gradient);
  for (const [i, side] of sides.entries()) graph.output(`side${i}`, side);
}

import { createGraph, type Graph, ops, randomStream, type Shape, sizeOf, type Tensor } from "../../src/index.js";

/** One step of a random program, in numbers that mean something for any graph so far: they shrink independently. */
export interface StepPlan {
  readonly name: string;
  /** Which of the values so far are used, counted from the last. */
  readonly picks: readonly number[];
  /** Choices of sizes, axes and variants. */
  readonly choices: readonly number[];
}

export interface ProgramPlan {
  readonly shapes: readonly Shape[];
  readonly steps: readonly StepPlan[];
  /** Seed of all numbers. */
  readonly seed: number;
}

export type Precision = "float32" | "float64";

/** Adds a few nodes and returns the value that later steps may use. */
export type Step = (build: ProgramBuilder) => Tensor;

const LARGEST = 256;

/** A random program on its way to a graph. */
export class ProgramBuilder {
  readonly graph: Graph = createGraph();
  readonly dtype: Precision;
  /** Values that may be used. */
  readonly values: Tensor[] = [];
  /** Values that gradients are taken of. */
  readonly leaves: Tensor[] = [];
  /** Values that say on which side of a kink a computation is: where they change, slopes do. */
  readonly sides: Tensor[] = [];
  readonly #seed: number;
  #plan: StepPlan = { name: "", picks: [], choices: [] };
  #picked = 0;
  #chosen = 0;

  constructor(plan: ProgramPlan, dtype: Precision, steps: Readonly<Record<string, Step>>) {
    this.dtype = dtype;
    this.#seed = plan.seed;
    for (const shape of plan.shapes) this.values.push(this.leaf(shape));
    for (const step of plan.steps) this.#take(step, steps[step.name]!);
  }

  #take(plan: StepPlan, step: Step): void {
    [this.#plan, this.#picked, this.#chosen] = [plan, 0, 0];
    const result = step(this);
    this.values.push(sizeOf(result.shape) <= LARGEST ? result : ops.reduceMean(result));
  }

  /** A value that is there. */
  pick(): Tensor {
    const number = this.#plan.picks[this.#picked++ % this.#plan.picks.length]!;
    return this.values[this.values.length - 1 - (number % this.values.length)]!;
  }

  /** A value of at least so many dimensions; ones are put in front. */
  pickOfRank(least: number): Tensor {
    const value = this.pick();
    const missing = Math.max(0, least - value.shape.length);
    return ops.reshape(value, [...new Array<number>(missing).fill(1), ...value.shape]);
  }

  /** A number in [0, bound). */
  below(bound: number): number {
    return this.#plan.choices[this.#chosen++ % this.#plan.choices.length]! % bound;
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  oneOf<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** An axis, sometimes counted from the back. */
  axisOf({ shape }: Tensor): number {
    const axis = this.below(shape.length);
    return this.below(2) === 0 ? axis : axis - shape.length;
  }

  /** Some of the axes, at least one. */
  axesOf({ shape }: Tensor): number[] {
    const mask = this.between(1, 2 ** shape.length - 1);
    return shape.flatMap((_, axis) => ((mask >> axis) & 1 ? [axis] : []));
  }

  /** A new value to be trained: an input or a parameter. */
  leaf(shape: Shape): Tensor {
    const name = `x${this.leaves.length}`;
    const { graph, dtype, leaves } = this;
    const leaf = leaves.length % 2 === 0 ? graph.input(name, dtype, shape) : graph.parameter(name, dtype, shape);
    leaves.push(leaf);
    return leaf;
  }

  /** A constant of numbers in [-1, 1). */
  constant(shape: Shape): Tensor {
    return this.graph.constant(
      this.dtype,
      shape,
      numbersFor(this.#seed, `constant ${this.graph.constants.length}`, shape),
    );
  }

  /** Integers in [low, high). */
  integers(shape: Shape, low: number, high: number): number[] {
    const stream = randomStream(this.#seed, "integers", this.graph.constants.length);
    return Array.from({ length: sizeOf(shape) }, () => low + stream.below(high - low));
  }

  /** Notes a value that must stay the same where slopes are measured. */
  side(value: Tensor): void {
    this.sides.push(value);
  }

  /** Values that no node reads: what the program computes. */
  results(): Tensor[] {
    const read = new Set(this.graph.nodes.flatMap((node) => node.inputs));
    const open = [...this.values, ...this.leaves].filter((value) => !read.has(value));
    return [...new Set(open)];
  }
}

/** Numbers in [-1, 1) that depend on seed, name and size only. */
export function numbersFor(seed: number, name: string, shape: Shape): number[] {
  const stream = randomStream(seed, name);
  return Array.from({ length: sizeOf(shape) }, () => 2 * stream.uniform() - 1);
}

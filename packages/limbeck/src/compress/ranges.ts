import { ops, type Range, type Tensor } from "@limbeck/graph";
import { constant } from "../models/initial.js";
import type { ModelValues, TensorSpec } from "../models/model.js";

/** Share of a batch's smallest and largest value in the next range: that of PyTorch's moving averages. */
const MOMENTUM = 0.01;
/** Steps that are over, as a number of the state. */
const STEP = "quantize.step";

const nameOf = (value: string, end: "low" | "high") => `quantize.${value}.${end}`;

/** What the state holds of ranges. */
export function rangeBuffers(values: readonly string[]): TensorSpec[] {
  const names = values.flatMap((value) => [nameOf(value, "low"), nameOf(value, "high")]);
  return [STEP, ...names].map((name) => ({ name, shape: [1], init: constant(0) }));
}

/** The ranges that training has ended with, by the names of values. */
export function learnedRanges(values: readonly string[], state: ModelValues): Map<string, Range> {
  const end = (value: string, which: "low" | "high") => state[nameOf(value, which)]![0]!;
  return new Map(values.map((value) => [value, { min: end(value, "low"), max: end(value, "high") }]));
}

/** When numbers are rounded, and until when ranges move, in steps. */
export interface RangeTimes {
  readonly start: number;
  readonly freeze: number;
}

/** Ranges of activations in a pass, which follow what training shows: moving averages (Jacob et al. 2018, section 3.1). */
export class Ranges {
  /** Whether numbers are rounded; missing where they always are. */
  readonly #isOn: Tensor | undefined;
  /** Share of a batch in a range. */
  readonly #share: Tensor;
  readonly #weights: Readonly<Record<string, Tensor>>;
  readonly #training: boolean;
  readonly #next: Record<string, Tensor>;

  constructor(weights: Readonly<Record<string, Tensor>>, { start, freeze }: RangeTimes, training: boolean) {
    const step = weights[STEP]!;
    const { graph } = step;
    this.#weights = weights;
    this.#training = training;
    this.#isOn = start > 0 ? ops.greater(step, start - 0.5) : undefined;
    const moving = ops.where(ops.less(step, freeze - 0.5), graph.scalar(MOMENTUM), graph.scalar(0));
    this.#share = ops.where(ops.less(step, 0.5), graph.scalar(1), moving);
    this.#next = { [STEP]: training ? ops.add(step, 1) : step };
  }

  /** Next values of all that was asked for. */
  get buffers(): Readonly<Record<string, Tensor>> {
    return this.#next;
  }

  /** A value as it is after it was a whole number of its range. */
  rounded(name: string, x: Tensor): Tensor {
    const bare = ops.detach(x);
    const low = this.#followed(nameOf(name, "low"), () => ops.reduceMin(bare));
    const high = this.#followed(nameOf(name, "high"), () => ops.reduceMax(bare));
    return this.gated(x, ops.fakeQuantize(x, { ...ops.unsignedRange(low, high), low: 0, high: 255 }));
  }

  /** The rounded one of two, once that has begun. */
  gated(exact: Tensor, rounded: Tensor): Tensor {
    return this.#isOn ? ops.where(this.#isOn, rounded, exact) : rounded;
  }

  #followed(name: string, seen: () => Tensor): Tensor {
    const known = this.#weights[name]!;
    const next = this.#training ? ops.add(known, ops.mul(this.#share, ops.sub(seen(), known))) : known;
    this.#next[name] = next;
    return next;
  }
}

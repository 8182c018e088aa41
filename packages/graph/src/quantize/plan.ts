import { openForLayers } from "./layers.js";
import type { StaticOptions } from "./static.js";
import { planStatic, scaleOf } from "./static-plan.js";

/** What `quantizeStatic` does to a model, by the names of its file: for graphs that train as if it were done to them. */
export interface QuantizationPlan {
  /** Values that become whole numbers, and the value whose scale each of them has: its own, mostly. */
  readonly values: ReadonlyMap<string, string>;
  /** Values that come out of nodes in 8 bits: all who take them take them rounded. */
  readonly made: ReadonlySet<string>;
  /** First outputs of the nodes in 8 bits. */
  readonly nodes: ReadonlySet<string>;
  /** Axes of output channels by the names of weights; none where a weight has one scale. */
  readonly weights: ReadonlyMap<string, number | undefined>;
}

/** @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED */
export function quantizationPlan(model: Uint8Array, options: StaticOptions = {}): QuantizationPlan {
  const editor = openForLayers(model, options.externalData);
  const plan = planStatic(editor, options);
  const { layers, quantized, absorbed, values } = plan;
  const outputOf = ({ output }: { output: string[] }) => output[0]!;
  return {
    values: new Map([...values].map((name) => [name, scaleOf(name, plan)])),
    made: new Set([...quantized, ...absorbed].map(outputOf)),
    nodes: new Set([...quantized].map(outputOf)),
    weights: new Map(layers.map(({ weight, axis }) => [weight, axis])),
  };
}

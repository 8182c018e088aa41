import type { Model, ModelValues } from "../models/model.js";

/** The share of a trained model's weights that are 0 in its exported file, of those with two axes or more: 0 … 1. */
export function shareOfZeros(model: Model, values: ModelValues): number {
  const { model: exported, convert } = model.deployed ?? { model, convert: (own: ModelValues) => own };
  const stored = convert(values);
  let [zeros, all] = [0, 0];
  for (const { name, shape } of exported.parameters) {
    if (shape.length < 2) continue;
    all += stored[name]!.length;
    for (const value of stored[name]!) zeros += Number(value === 0);
  }
  return zeros / all;
}

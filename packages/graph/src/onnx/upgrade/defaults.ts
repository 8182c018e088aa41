import type { Call } from "../call.js";
import { without } from "../call.js";

/** Attributes that say what is the case anyway; the table need not know them. */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AveragePool: { ceil_mode: 0, count_include_pad: 0 },
  BatchNormalization: { momentum: Number.NaN, training_mode: 0 },
  Dropout: { seed: Number.NaN },
  GroupNormalization: { stash_type: 1 },
  LayerNormalization: { stash_type: 1 },
  LpPool: { ceil_mode: 0 },
  MaxPool: { storage_order: 0, ceil_mode: 0 },
  Reshape: { allowzero: 0 },
  RMSNormalization: { stash_type: 1 },
  SimplifiedLayerNormalization: { stash_type: 1 },
};

/** Drops attributes that the table lacks where they have no effect; NaN stands for any value. */
export function dropDefaults(call: Call): Call {
  const kinds = call.graph.operators.get(call.op)?.attributes ?? {};
  const idle = Object.entries(DEFAULTS[call.op] ?? {}).filter(([name, value]) => {
    return !(name in kinds) && (Number.isNaN(value) || call.attributes[name] === value);
  });
  const ones = call.attributes.dilations;
  const flat = ["AveragePool", "LpPool"].includes(call.op) && Array.isArray(ones) && ones.every((value) => value === 1);
  return without(call, ...idle.map(([name]) => name), ...(flat && !("dilations" in kinds) ? ["dilations"] : []));
}

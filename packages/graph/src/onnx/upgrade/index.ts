import type { OperatorTable } from "../../operator.js";
import type { Tensor } from "../../tensor.js";
import type { Call, Conversion } from "../call.js";
import { activation } from "./activation.js";
import { axes } from "./axes.js";
import { clip } from "./clip.js";
import { constantOfShape } from "./constant-of-shape.js";
import { contrib } from "./contrib.js";
import { dropDefaults } from "./defaults.js";
import { dropout } from "./dropout.js";
import { legacy } from "./legacy.js";
import { normalization } from "./normalization.js";
import { pad } from "./pad.js";
import { pool } from "./pool.js";
import { quantization } from "./quantized.js";
import { recurrent } from "./recurrent.js";
import { resize } from "./resize.js";
import { scatter } from "./scatter.js";
import { slice } from "./slice.js";
import { softmax } from "./softmax.js";
import { split } from "./split.js";
import { topk } from "./topk.js";
import { types } from "./types.js";

/** In the order in which they apply to one operator. */
const families: readonly (readonly Conversion[])[] = [
  legacy,
  axes,
  softmax,
  split,
  clip,
  pad,
  pool,
  quantization,
  slice,
  topk,
  dropout,
  resize,
  normalization,
  types,
  activation,
  scatter,
  constantOfShape,
  recurrent,
  contrib,
];

const conversions: Map<string, Conversion[]> = new Map();
for (const conversion of families.flat()) {
  conversions.set(conversion.op, [...(conversions.get(conversion.op) ?? []), conversion]);
}

/** Whether something turns this operator of any opset into what the table has. */
export function canConvert(op: string, table: OperatorTable): boolean {
  const isWhole = ({ before, from, needs }: Conversion) => {
    return before === undefined && from === undefined && (needs ?? []).every((name) => table.has(name));
  };
  return conversions.get(op)?.some(isWhole) ?? false;
}

/** A call in the table's form, or the values that it computes. */
export function convert(call: Call): Call | readonly Tensor[] {
  let current = call;
  for (const conversion of conversions.get(call.op) ?? []) {
    if (!applies(conversion, current)) continue;
    const result = conversion.convert(current);
    if (!("op" in result)) return result;
    current = result;
  }
  return dropDefaults(current);
}

function applies({ before, from, ifMissing }: Conversion, call: Call): boolean {
  if (before !== undefined && call.opset >= before) return false;
  if (from !== undefined && call.opset < from) return false;
  return !ifMissing || !call.graph.operators.has(call.op);
}

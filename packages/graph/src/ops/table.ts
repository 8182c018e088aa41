import type { Operator, OperatorTable } from "../operator.js";
import { activations } from "./activation.js";
import { dropouts } from "./dropout.js";
import { elementwise } from "./elementwise.js";
import { indexing } from "./indexing.js";
import { layouts } from "./layout.js";
import { linears } from "./linear.js";
import { logic } from "./logic.js";
import { reductions } from "./reduce.js";
import { softmaxes } from "./softmax.js";

const families: readonly (readonly Operator[])[] = [
  activations,
  dropouts,
  elementwise,
  indexing,
  layouts,
  linears,
  logic,
  reductions,
  softmaxes,
];

/** Every operator that graphs are made of, by ONNX's name. */
export const operatorTable: OperatorTable = new Map(families.flat().map((operator) => [operator.name, operator]));

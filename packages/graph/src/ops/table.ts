import type { Operator, OperatorTable } from "../operator.js";
import { activations } from "./activation.js";
import { activationUnits } from "./activation-units.js";
import { batchNormalizations } from "./batch-normalization.js";
import { classLosses } from "./class-loss.js";
import { convolutions } from "./convolution.js";
import { depthSpaces } from "./depth-space.js";
import { dropouts } from "./dropout.js";
import { einsums } from "./einsum.js";
import { elementwise } from "./elementwise.js";
import { gathering } from "./gathering.js";
import { generated } from "./generated.js";
import { indexing } from "./indexing.js";
import { layouts } from "./layout.js";
import { linears } from "./linear.js";
import { logic } from "./logic.js";
import { mathematics } from "./math.js";
import { normalizations } from "./normalization.js";
import { paddings } from "./padding.js";
import { poolings } from "./pooling.js";
import { quantized } from "./quantized.js";
import { rankings } from "./ranking.js";
import { recurrents } from "./recurrent.js";
import { reductions } from "./reduce.js";
import { resizes } from "./resize.js";
import { scattering } from "./scattering.js";
import { signals } from "./signal.js";
import { softmaxes } from "./softmax.js";
import { structures } from "./structure.js";
import { variadics } from "./variadic.js";

const families: readonly (readonly Operator[])[] = [
  activations,
  activationUnits,
  batchNormalizations,
  classLosses,
  convolutions,
  depthSpaces,
  dropouts,
  einsums,
  elementwise,
  gathering,
  generated,
  indexing,
  layouts,
  linears,
  logic,
  mathematics,
  normalizations,
  paddings,
  poolings,
  quantized,
  rankings,
  recurrents,
  reductions,
  resizes,
  scattering,
  signals,
  softmaxes,
  structures,
  variadics,
];

/** Every operator that graphs are made of, by ONNX's name. */
export const operatorTable: OperatorTable = new Map(families.flat().map((operator) => [operator.name, operator]));

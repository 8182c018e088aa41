import { toTypedArray } from "../../dtype.js";
import * as f from "../../ops/build.js";
import type { Tensor } from "../../tensor.js";
import { type Call, type Conversion, inputOf, numberOf, withInputs, without } from "../call.js";
import { DATA_TYPES, dtypeOf } from "../data-types.js";

/** A constant in another element type, or a cast where the value is not known. */
function convertTo(tensor: Tensor, dtype: Tensor["dtype"]): Tensor {
  if (tensor.dtype === dtype || tensor.source.kind !== "constant") return f.cast(tensor, dtype);
  const numbers = Array.from(tensor.source.data as ArrayLike<number | bigint>, Number);
  return tensor.graph.constant(dtype, tensor.shape, toTypedArray(dtype, numbers));
}

/** Exponents may be of another type than the base. */
function power(call: Call): Call {
  const [x, exponent] = [inputOf(call, 0), inputOf(call, 1)];
  return x.dtype === exponent.dtype ? call : withInputs(call, [x, convertTo(exponent, x.dtype)]);
}

function castLike(call: Call): Call | readonly Tensor[] {
  const to = DATA_TYPES[inputOf(call, 1).dtype];
  return cast({ ...call, op: "Cast", inputs: [inputOf(call, 0)], attributes: { to } });
}

/** Rounding of 8-bit floats does not matter to the other types, and a cast to the same type nothing. */
function cast(call: Call): Call | readonly Tensor[] {
  const x = inputOf(call, 0);
  return dtypeOf(numberOf(call, "to", 0)) === x.dtype ? [x] : without(call, "saturate", "round_mode");
}

export const types: readonly Conversion[] = [
  { op: "Identity", convert: (call) => [inputOf(call, 0)] },
  { op: "Cast", convert: cast },
  { op: "CastLike", convert: castLike },
  { op: "Pow", from: 12, convert: power },
];

import * as f from "../../ops/build.js";
import type { Tensor } from "../../tensor.js";
import { type Call, type Conversion, inputOf, numberOf, stringOf } from "../call.js";

/** x · Φ(x), by the error function or by its hyperbolic approximation. */
export function gelu(x: Tensor, approximate: "none" | "tanh"): Tensor {
  if (approximate === "none") return f.mul(f.mul(x, 0.5), f.add(f.emitOne("Erf", [f.mul(x, Math.SQRT1_2)]), 1));
  const cube = f.mul(f.mul(x, x), x);
  const inner = f.mul(f.add(x, f.mul(cube, 0.044715)), Math.sqrt(2 / Math.PI));
  return f.mul(f.mul(x, 0.5), f.add(f.tanh(inner), 1));
}

type Body = (x: Tensor, call: Call) => Tensor;

function composed(op: string, body: Body): Conversion {
  return { op, ifMissing: true, convert: (call) => [body(inputOf(call, 0), call)] };
}

/** Activations that the table may lack, in what it has. */
export const activation: readonly Conversion[] = [
  composed("Gelu", (x, call) => gelu(x, stringOf(call, "approximate", "none") === "tanh" ? "tanh" : "none")),
  composed("Mish", (x) => f.mul(x, f.tanh(f.emitOne("Softplus", [x])))),
  composed("Swish", (x, call) => f.mul(x, f.sigmoid(f.mul(x, numberOf(call, "alpha", 1))))),
];

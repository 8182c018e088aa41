import * as f from "../../ops/build.js";
import { type Call, type Conversion, inputOf, numberOf, withInputs, without } from "../call.js";

/** Before opset 7, the second operand lined up with `axis` of the first, if it broadcast at all. */
function lineUp(call: Call): Call {
  const bare = without(call, "broadcast", "axis", "consumed_inputs");
  const axis = call.attributes.axis;
  if (numberOf(call, "broadcast", 0) === 0 || axis === undefined) return bare;
  const [a, b] = [inputOf(call, 0), inputOf(call, 1)];
  const trailing = a.shape.length - numberOf(call, "axis", 0) - b.shape.length;
  return withInputs(bare, [a, f.reshape(b, [...b.shape, ...new Array(Math.max(0, trailing)).fill(1)])]);
}

/** Before opset 7, a slope of one per channel stood alone. */
function perChannel(call: Call): Call {
  const [x, slope] = [inputOf(call, 0), inputOf(call, 1)];
  const bare = without(call, "consumed_inputs");
  if (slope.shape.length !== 1 || x.shape.length < 3) return bare;
  return withInputs(bare, [x, f.reshape(slope, [slope.shape[0]!, ...x.shape.slice(2).map(() => 1)])]);
}

const BINARY = ["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less"];
const IN_PLACE = ["Abs", "Ceil", "Elu", "Exp", "Floor", "HardSigmoid", "InstanceNormalization", "LeakyRelu", "Log"];
const IN_PLACE_TOO = ["Max", "Mean", "Min", "Neg", "Reciprocal", "Relu", "Selu", "Sigmoid", "Sqrt", "Sum", "Tanh"];

/** What was different before opset 7, where it is simple. */
export const legacy: readonly Conversion[] = [
  ...BINARY.map((op) => ({ op, before: 7, convert: lineUp })),
  ...[...IN_PLACE, ...IN_PLACE_TOO].map((op) => ({
    op,
    before: 7,
    convert: (call: Call) => without(call, "consumed_inputs"),
  })),
  { op: "PRelu", before: 7, convert: perChannel },
  { op: "Gemm", before: 7, convert: (call) => without(call, "broadcast") },
];

import * as f from "../../ops/build.js";
import type { Tensor } from "../../tensor.js";
import { type Call, type Conversion, inputOf, numberOf, stringOf, unsupported, without } from "../call.js";
import { gelu } from "./activation.js";
import { rmsNormalize } from "./normalization.js";

/** Adds an input that may be left out. */
function plus(x: Tensor, bias: Tensor | undefined): Tensor {
  return bias ? f.add(x, bias) : x;
}

/** A layer normalization of a sum; the sum itself is the fourth output. */
function skipLayerNormalization(call: Call): readonly Tensor[] {
  const [gamma, beta] = [inputOf(call, 2), call.inputs[3]];
  if (call.used[1] || call.used[2]) throw unsupported(call, "mean and deviation as outputs");
  const sum = plus(f.add(inputOf(call, 0), inputOf(call, 1)), call.inputs[4]);
  const epsilon = numberOf(call, "epsilon", 1e-12);
  const [y] = call.graph.emit("LayerNormalization", beta ? [sum, gamma, beta] : [sum, gamma], { axis: -1, epsilon });
  return [y!, y!, y!, sum];
}

function skipRmsNormalization(call: Call): readonly Tensor[] {
  if (call.used[1] || call.used[2]) throw unsupported(call, "mean and deviation as outputs");
  const sum = plus(f.add(inputOf(call, 0), inputOf(call, 1)), call.inputs[3]);
  const y = rmsNormalize(sum, inputOf(call, 2), -1, numberOf(call, "epsilon", 1e-12));
  return [y, y, y, sum];
}

function fusedMatMul(call: Call): readonly Tensor[] {
  if (numberOf(call, "transBatchA", 0) || numberOf(call, "transBatchB", 0)) throw unsupported(call, "transBatchA/B");
  const a = numberOf(call, "transA", 0) ? f.swapLast(inputOf(call, 0)) : inputOf(call, 0);
  const b = numberOf(call, "transB", 0) ? f.swapLast(inputOf(call, 1)) : inputOf(call, 1);
  const alpha = numberOf(call, "alpha", 1);
  const product = f.matmul(a, b);
  return [alpha === 1 ? product : f.mul(product, alpha)];
}

const ACTIVATIONS: ReadonlySet<string> = new Set(["Relu", "Sigmoid", "Tanh"]);

/** Conv or Gemm with an activation behind it. */
function fused(op: string): (call: Call) => readonly Tensor[] {
  return (call) => {
    const activation = stringOf(call, "activation", "");
    const [x, weight, bias, addend] = call.inputs;
    const attributes = without(call, "activation", "activation_params").attributes as Record<string, number>;
    const y = plus(f.emitOne(op, bias ? [x, weight, bias] : [x, weight], attributes), addend);
    if (activation === "") return [y];
    if (!ACTIVATIONS.has(activation)) throw unsupported(call, `activation ${activation}`);
    return [f.emitOne(activation, [y])];
  };
}

function quickGelu(call: Call): readonly Tensor[] {
  const x = inputOf(call, 0);
  return [f.mul(x, f.sigmoid(f.mul(x, Math.fround(numberOf(call, "alpha", 1.702)))))];
}

/** Operators of ONNX Runtime's own, which its optimizer writes into models. */
export const contrib: readonly Conversion[] = [
  { op: "com.microsoft:Gelu", convert: (call) => [gelu(inputOf(call, 0), "none")] },
  { op: "com.microsoft:BiasGelu", convert: (call) => [gelu(plus(inputOf(call, 0), call.inputs[1]), "none")] },
  { op: "com.microsoft:FastGelu", convert: (call) => [gelu(plus(inputOf(call, 0), call.inputs[1]), "tanh")] },
  { op: "com.microsoft:QuickGelu", convert: quickGelu },
  { op: "com.microsoft:FusedMatMul", convert: fusedMatMul },
  { op: "com.microsoft:FusedConv", needs: ["Conv"], convert: fused("Conv") },
  { op: "com.microsoft:FusedGemm", convert: fused("Gemm") },
  { op: "com.microsoft:SkipLayerNormalization", needs: ["LayerNormalization"], convert: skipLayerNormalization },
  { op: "com.microsoft:SkipSimplifiedLayerNormalization", convert: skipRmsNormalization },
];

import type { NodeProto } from "onnx-buf";
import { sizeOf } from "../shape.js";
import { type FloatConstant, type ModelEditor, numberAttribute, rewired } from "./editor.js";

/** Lets convolutions do the work of the batch normalizations behind them, so that one scale serves both. */
export function foldConvolutionNorms(editor: ModelEditor): void {
  const uses = editor.uses();
  const made = new Map(editor.nodes.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const folded = new Map<NodeProto, NodeProto>();
  const gone = new Set<NodeProto>();
  for (const norm of editor.nodes) {
    if (norm.opType !== "BatchNormalization" || norm.output.filter((name) => name !== "").length !== 1) continue;
    const conv = made.get(norm.input[0]!);
    if (conv?.opType !== "Conv" || uses.get(norm.input[0]!) !== 1 || folded.has(conv)) continue;
    const together = foldedConv(editor, conv, norm);
    if (!together) continue;
    folded.set(conv, together);
    gone.add(norm);
  }
  editor.nodes = editor.nodes.filter((node) => !gone.has(node)).map((node) => folded.get(node) ?? node);
}

function foldedConv(editor: ModelEditor, conv: NodeProto, norm: NodeProto): NodeProto | undefined {
  const weight = editor.floats(conv.input[1]);
  const [scale, shift, mean, variance] = norm.input.slice(1).map((name) => editor.floats(name)?.data);
  const bias = conv.input[2] ? editor.floats(conv.input[2])?.data : new Float32Array(weight?.shape[0] ?? 0);
  if (!weight || !scale || !shift || !mean || !variance || !bias) return undefined;
  const epsilon = numberAttribute(norm, "epsilon", 1e-5);
  const factor = scale.map((value, c) => value / Math.sqrt(variance[c]! + epsilon));
  const added = bias.map((value, c) => (value - mean[c]!) * factor[c]! + shift[c]!);
  const name = editor.constant(`${conv.input[1]}_folded`, "float32", weight.shape, scaled(weight, factor));
  const biasName = editor.constant(`${norm.output[0]}_bias`, "float32", [added.length], added);
  return rewired(conv, { input: [conv.input[0]!, name, biasName], output: [norm.output[0]!] });
}

function scaled({ shape, data }: FloatConstant, factor: Float32Array): Float32Array {
  const inner = sizeOf(shape.slice(1));
  return data.map((value, i) => value * factor[Math.floor(i / inner)]!);
}

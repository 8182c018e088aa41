import type { NodeProto } from "onnx-buf";
import { DATA_TYPES } from "../onnx/data-types.js";
import type { ExternalData } from "../onnx/tensors.js";
import { quantizeWeight } from "./affine.js";
import { type ModelEditor, nodeOf } from "./editor.js";
import { type LayerChoice, openForLayers, type WeightedLayer, weightedLayers } from "./layers.js";
import { transposed } from "./matrix.js";
import { quantizeTables } from "./tables.js";

export interface DynamicOptions extends LayerChoice {
  /** Bytes of files that lie beside the model. */
  readonly externalData?: ExternalData | undefined;
  /** Whether weights have 7 bits, for processors that add pairs of products up in int16. Default `false`. */
  readonly reduceRange?: boolean | undefined;
}

/** Attributes that ConvInteger has as well. */
const WINDOW = new Set(["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"]);

/**
 * A model whose weights are int8, with a scale for each output channel, and whose activations become uint8 as they come along,
 * by the range of each batch: nothing is calibrated. Tables whose rows are taken by number are int8, too. For models of matrix products above all.
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED
 */
export function quantizeDynamic(model: Uint8Array, options: DynamicOptions = {}): Uint8Array {
  const editor = openForLayers(model, options.externalData);
  quantizeTables(editor, options);
  const layers = new Map(weightedLayers(editor, options).map((layer) => [layer.node, layer]));
  /** A value that several layers take becomes whole numbers once. */
  const activations = new Map<string, readonly string[]>();
  editor.nodes = editor.nodes.flatMap((node) => {
    const layer = layers.get(node);
    return layer ? integerLayer(editor, layer, activations, options.reduceRange ? 63 : 127) : [node];
  });
  return editor.finish();
}

function integerLayer(
  editor: ModelEditor,
  layer: WeightedLayer,
  activations: Map<string, readonly string[]>,
  largest: number,
): NodeProto[] {
  const { node, kind, bias } = layer;
  const [input, output] = [node.input[0]!, node.output[0]!];
  const nodes: NodeProto[] = [];
  if (!activations.has(input)) {
    const parts = ["quantized", "scale", "zero_point"].map((part) => editor.fresh(`${input}_${part}`));
    nodes.push(nodeOf("DynamicQuantizeLinear", [input], parts));
    activations.set(input, parts);
  }
  const [whole, scale, zeroPoint] = activations.get(input)!;
  const weight = integerWeight(editor, layer, largest);
  const inputs = [whole!, weight.name, zeroPoint!, weight.zeroPoint];
  const sums = editor.fresh(`${output}_sums`);
  const product = nodeOf(kind === "Conv" ? "ConvInteger" : "MatMulInteger", inputs, [sums]);
  if (kind === "Conv") product.attribute.push(...node.attribute.filter(({ name }) => WINDOW.has(name)));
  const [real, factor] = [editor.fresh(`${output}_real`), editor.fresh(`${output}_factor`)];
  nodes.push(product, nodeOf("Cast", [sums], [real], { to: DATA_TYPES.float32 }));
  nodes.push(nodeOf("Mul", [scale!, weight.scales], [factor]));
  if (!bias) return [...nodes, nodeOf("Mul", [real, factor], [output])];
  const scaled = editor.fresh(`${output}_scaled`);
  const shift = kind === "Conv" ? channelBias(editor, bias, weight.rank) : bias;
  return [...nodes, nodeOf("Mul", [real, factor], [scaled]), nodeOf("Add", [scaled, shift], [output])];
}

/** A weight as int8; of Gemm, turned so that its rows are the input's features. */
function integerWeight(editor: ModelEditor, { weight: name, axis, kind }: WeightedLayer, largest: number) {
  const stored = editor.finiteFloats(name)!;
  const isTurned = kind === "Gemm" && axis === 0;
  const weight = isTurned ? transposed(stored) : stored;
  const channelAxis = isTurned ? 1 : axis;
  const { data, scales } = quantizeWeight(weight.data, weight.shape, channelAxis, largest);
  const rank = weight.shape.length;
  const form = kind === "Conv" ? [scales.length, ...new Array<number>(rank - 2).fill(1)] : [scales.length];
  return {
    rank,
    name: editor.constant(`${name}_quantized`, "int8", weight.shape, data),
    zeroPoint: editor.constant(`${name}_zero_point`, "int8", [], [0]),
    scales: editor.constant(`${name}_scale`, "float32", channelAxis === undefined ? [] : form, scales),
  };
}

function channelBias(editor: ModelEditor, bias: string, rank: number): string {
  const { data } = editor.floats(bias)!;
  return editor.constant(`${bias}_channels`, "float32", [data.length, ...new Array<number>(rank - 2).fill(1)], data);
}

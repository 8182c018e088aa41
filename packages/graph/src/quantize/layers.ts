import type { NodeProto } from "onnx-buf";
import { matchesGlob } from "../onnx/glob.js";
import { domainOf } from "../onnx/model.js";
import type { ExternalData } from "../onnx/tensors.js";
import { ModelEditor, numberAttribute } from "./editor.js";
import { foldConvolutionNorms } from "./fold-batch-norm.js";

/** A node whose weight is a constant: where the work and the bytes of a network are. */
export interface WeightedLayer {
  readonly node: NodeProto;
  /** The node's name; of one that has none, or one that another layer has as well, that of its output. */
  readonly name: string;
  readonly kind: "Conv" | "Gemm" | "MatMul";
  readonly weight: string;
  /** The weight's axis of output channels; none where products of several matrices are one weight. */
  readonly axis: number | undefined;
  /** A constant that is added to each channel. */
  readonly bias: string | undefined;
}

/** Which layers are quantized. */
export interface LayerChoice {
  /** Names or globs of layers that stay in floating point. Default: none. */
  readonly exclude?: readonly string[] | undefined;
  /** Names of the layers that are quantized. Default: all that can be. */
  readonly only?: readonly string[] | undefined;
}

/** Opens a file whose layers will be quantized. @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED */
export function openForLayers(model: Uint8Array, externalData?: ExternalData): ModelEditor {
  const editor = new ModelEditor(model, externalData);
  foldConvolutionNorms(editor);
  return editor;
}

/** Layers whose weights can be quantized, in the order in which they run. */
export function weightedLayers(editor: ModelEditor, choice: LayerChoice = {}): WeightedLayer[] {
  const layers = editor.nodes.flatMap((node) => layerOf(editor, node) ?? []);
  const nodes = layers.map(({ node }) => node);
  return chosen(named(layers, nodes), choice);
}

/** Those of some layers that are quantized. */
export function chosen<Layer extends { readonly name: string }>(
  layers: readonly Layer[],
  { exclude = [], only }: LayerChoice,
): Layer[] {
  return layers
    .filter(({ name }) => only?.includes(name) ?? true)
    .filter(({ name }) => !exclude.some((pattern) => matchesGlob(name, pattern)));
}

/** Gives layers names of their own: ONNX asks that of values, not of nodes. @param nodes among which a name must be the only one */
export function named<Layer extends { readonly node: NodeProto }>(
  layers: readonly Layer[],
  nodes: readonly NodeProto[],
): (Layer & { readonly name: string })[] {
  const counts = new Map<string, number>([["", 2]]);
  for (const node of nodes) counts.set(node.name, (counts.get(node.name) ?? 0) + 1);
  const taken = new Set<string>([...counts].flatMap(([name, count]) => (count === 1 ? [name] : [])));
  return layers.map((layer) => {
    if (counts.get(layer.node.name) === 1) return { ...layer, name: layer.node.name };
    const output = layer.node.output[0]!;
    let name = output;
    for (let i = 2; taken.has(name); i++) name = `${output}_${i}`;
    taken.add(name);
    return { ...layer, name };
  });
}

function layerOf(editor: ModelEditor, node: NodeProto): Omit<WeightedLayer, "name"> | undefined {
  const { opType: kind, domain, input } = node;
  if (domainOf(domain) !== "") return undefined;
  if (kind !== "Conv" && kind !== "Gemm" && kind !== "MatMul") return undefined;
  const [, weight, bias] = input;
  const rank = weightRank(editor, weight);
  if (rank === undefined || editor.constants.has(input[0]!) || (kind !== "Conv" && rank < 2)) return undefined;
  const axis = axisOf(node, rank);
  const channels = axis === undefined ? undefined : Number(editor.constants.get(weight!)!.dims[axis]);
  if (bias && !isChannelBias(editor, bias, channels)) return undefined;
  const scaled = kind === "Gemm" && (numberAttribute(node, "alpha", 1) !== 1 || numberAttribute(node, "beta", 1) !== 1);
  if (scaled || (kind === "Gemm" && numberAttribute(node, "transA", 0) !== 0)) return undefined;
  return { node, kind, weight: weight!, axis, bias: bias || undefined };
}

function weightRank(editor: ModelEditor, weight: string | undefined): number | undefined {
  const proto = weight === undefined ? undefined : editor.constants.get(weight);
  return proto && editor.isFloat(weight!) ? proto.dims.length : undefined;
}

function isChannelBias(editor: ModelEditor, bias: string, channels: number | undefined): boolean {
  const dims = editor.constants.get(bias)?.dims;
  return editor.isFloat(bias) && dims?.length === 1 && Number(dims[0]) === channels;
}

function axisOf(node: NodeProto, rank: number): number | undefined {
  if (node.opType === "Conv") return 0;
  if (rank !== 2) return undefined;
  return node.opType === "Gemm" && numberAttribute(node, "transB", 0) === 1 ? 0 : 1;
}

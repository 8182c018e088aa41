import type { ExternalData } from "../onnx/tensors.js";
import { sizeOf } from "../shape.js";
import type { ModelEditor } from "./editor.js";
import { openForLayers, type WeightedLayer, weightedLayers } from "./layers.js";
import { type TableLookup, tableLookups } from "./tables.js";

/** A layer that can be quantized, by the name that `exclude` knows it by. */
export interface QuantizableLayer {
  readonly name: string;
  readonly operator: "Conv" | "Gemm" | "MatMul" | "Gather";
  /** The value that it takes. */
  readonly input: string;
  /** Numbers of its weight, or of its table. */
  readonly weights: number;
}

/** The layers of a model that can be quantized, in the order in which they run. @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED */
export function quantizableLayers(model: Uint8Array, externalData?: ExternalData): QuantizableLayer[] {
  const editor = openForLayers(model, externalData);
  const places = new Map(editor.nodes.map((node, place) => [node, place]));
  const layers = weightedLayers(editor).map((layer) => ({ node: layer.node, layer: publicLayer(editor, layer) }));
  const tables = tableLookups(editor).map((table) => ({ node: table.node, layer: publicTable(editor, table) }));
  return [...layers, ...tables].sort((a, b) => places.get(a.node)! - places.get(b.node)!).map(({ layer }) => layer);
}

function publicTable(editor: ModelEditor, { name, node, table }: TableLookup): QuantizableLayer {
  return { name, operator: "Gather", input: node.input[1]!, weights: numbersIn(editor, table) };
}

export function publicLayer(editor: ModelEditor, { name, kind, node, weight }: WeightedLayer): QuantizableLayer {
  return {
    name,
    operator: kind,
    input: node.input[0]!,
    weights: numbersIn(editor, weight),
  };
}

function numbersIn(editor: ModelEditor, constant: string): number {
  return sizeOf(editor.constants.get(constant)!.dims.map(Number));
}

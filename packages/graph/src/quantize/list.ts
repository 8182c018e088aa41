import type { ExternalData } from "../onnx/tensors.js";
import { sizeOf } from "../shape.js";
import type { ModelEditor } from "./editor.js";
import { openForLayers, type WeightedLayer, weightedLayers } from "./layers.js";

/** A layer that can be quantized, by the name that `exclude` knows it by. */
export interface QuantizableLayer {
  readonly name: string;
  readonly operator: "Conv" | "Gemm" | "MatMul";
  /** The value that it takes. */
  readonly input: string;
  /** Numbers of its weight. */
  readonly weights: number;
}

/** The layers of a model that can be quantized, in the order in which they run. @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED */
export function quantizableLayers(model: Uint8Array, externalData?: ExternalData): QuantizableLayer[] {
  const editor = openForLayers(model, externalData);
  return weightedLayers(editor).map((layer) => publicLayer(editor, layer));
}

export function publicLayer(editor: ModelEditor, { name, kind, node, weight }: WeightedLayer): QuantizableLayer {
  return {
    name,
    operator: kind,
    input: node.input[0]!,
    weights: sizeOf(editor.constants.get(weight)!.dims.map(Number)),
  };
}

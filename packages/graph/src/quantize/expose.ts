import { create } from "@bufbuild/protobuf";
import { ValueInfoProtoSchema } from "onnx-buf";
import type { ExternalData } from "../onnx/tensors.js";
import { openForLayers } from "./layers.js";

/**
 * The same model, which also returns values in between, by the names that {@link valuesToCalibrate} gives.
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED
 */
export function exposeValues(model: Uint8Array, values: readonly string[], externalData?: ExternalData): Uint8Array {
  const editor = openForLayers(model, externalData);
  const known = new Set([...editor.outputs, ...editor.inputs]);
  const more = values.filter((name) => !known.has(name)).map((name) => create(ValueInfoProtoSchema, { name }));
  editor.graph.output.push(...more);
  return editor.finish();
}

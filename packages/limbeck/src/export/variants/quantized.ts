import { nodeBackend } from "@limbeck/graph/node";
import { calibrate } from "../../quantize/calibrate.js";
import { layersFor, type QuantizedFormatName, quantizedFormat } from "../../quantize/formats.js";
import type { Variant, VariantSource } from "./variant.js";

/** Training samples by which ranges are found. */
const CALIBRATION = 128;

/** `dtype: "fp16"` of pipelines. */
export const fp16: Variant = {
  name: "fp16",
  file: "onnx/model_fp16.onnx",
  summary: "half precision; inputs and outputs stay in single precision",
  make: (source) => quantized(source, "fp16"),
};

/** `dtype: "q8"`, which pipelines take by default in browsers. */
export const int8: Variant = {
  name: "int8",
  file: "onnx/model_quantized.onnx",
  summary: `8 bits, with ranges of activations from ${CALIBRATION} training samples`,
  make: (source) => quantized(source, "int8-static"),
};

/** `dtype: "int8"`. */
export const int8Dynamic: Variant = {
  name: "int8-dynamic",
  file: "onnx/model_int8.onnx",
  summary: "weights in 8 bits, activations by the range of each batch",
  make: (source) => quantized(source, "int8-dynamic"),
};

/** `dtype: "q4"`. */
export const int4: Variant = {
  name: "int4",
  file: "onnx/model_q4.onnx",
  summary: "large matrices in 4 bits",
  make: (source) => quantized(source, "int4"),
};

/** @throws GraphError MODEL_UNSUPPORTED where the format has nothing to change: a copy is not exported under its name */
async function quantized(source: VariantSource, name: QuantizedFormatName): Promise<Uint8Array> {
  const { model } = source;
  const format = quantizedFormat(name);
  layersFor(format, model);
  const values = format.calibrated?.(model, {}) ?? [];
  const ranges = values.length > 0 ? await calibrate(model, values, () => batches(source), { threads: 1 }) : new Map();
  return format.quantize(model, {}, ranges).model;
}

async function* batches({ feeds }: VariantSource) {
  for await (const feed of feeds(CALIBRATION)) {
    const tensors = Object.entries(feed).map(([name, { dtype, data, dims }]) => {
      return [name, nodeBackend.tensor(dtype, data, dims)] as const;
    });
    yield { feeds: Object.fromEntries(tensors) };
  }
}

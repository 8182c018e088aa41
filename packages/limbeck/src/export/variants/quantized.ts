import { quantizeDynamic, quantizeInt4, quantizeStatic, toHalf, valuesToCalibrate } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { calibrate } from "../../quantize/calibrate.js";
import type { Variant, VariantSource } from "./variant.js";

/** Training samples by which ranges are found. */
const CALIBRATION = 128;

/** `dtype: "fp16"` of pipelines. */
export const fp16: Variant = {
  name: "fp16",
  file: "onnx/model_fp16.onnx",
  summary: "half precision; inputs and outputs stay in single precision",
  make: async ({ model }) => toHalf(model).model,
};

/** `dtype: "q8"`, which pipelines take by default in browsers. */
export const int8: Variant = {
  name: "int8",
  file: "onnx/model_quantized.onnx",
  summary: `8 bits, with ranges of activations from ${CALIBRATION} training samples`,
  make: async (source) => {
    const values = valuesToCalibrate(source.model);
    const ranges = await calibrate(source.model, values, () => batches(source), { threads: 1 });
    return quantizeStatic(source.model, ranges);
  },
};

/** `dtype: "int8"`. */
export const int8Dynamic: Variant = {
  name: "int8-dynamic",
  file: "onnx/model_int8.onnx",
  summary: "weights in 8 bits, activations by the range of each batch",
  make: async ({ model }) => quantizeDynamic(model),
};

/** `dtype: "q4"`. */
export const int4: Variant = {
  name: "int4",
  file: "onnx/model_q4.onnx",
  summary: "large matrices in 4 bits",
  make: async ({ model }) => quantizeInt4(model),
};

async function* batches({ feeds }: VariantSource) {
  for await (const feed of feeds(CALIBRATION)) {
    const tensors = Object.entries(feed).map(([name, { data, dims }]) => {
      return [name, nodeBackend.tensor("float32", data, dims)] as const;
    });
    yield { feeds: Object.fromEntries(tensors) };
  }
}

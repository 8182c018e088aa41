import type { Variant } from "./variant.js";

/** The student as it was trained. */
export const fp32: Variant = {
  name: "fp32",
  file: "onnx/model.onnx",
  summary: "single precision; always written",
  make: async ({ model }) => model,
};

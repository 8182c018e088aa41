import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { readBytes } from "../../support/files.js";
import type { Variant } from "./variant.js";

const ERRORS_ONLY = 3;

/**
 * ONNX Runtime's own format, which its mobile packages and builds without the ONNX parser read. Only optimizations that
 * every processor can run are written into it ("basic"); the machine that loads it does the others.
 */
export const ort: Variant = {
  name: "ort",
  file: "model.ort",
  summary: "ONNX Runtime's own format, for its mobile packages and minimal builds",
  async make({ model }) {
    const folder = mkdtempSync(join(tmpdir(), "limbeck-ort-"));
    try {
      const path = join(folder, "model.ort");
      const session = await InferenceSession.create(model, {
        executionProviders: ["cpu"],
        graphOptimizationLevel: "basic",
        optimizedModelFilePath: path,
        logSeverityLevel: ERRORS_ONLY,
        extra: { session: { save_model_format: "ORT" } },
      });
      await session.release();
      return readBytes(path);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

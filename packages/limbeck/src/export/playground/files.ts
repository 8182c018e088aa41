import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { onnxRuntimeVersion } from "../../runs/versions.js";
import { LimbeckError } from "../../support/errors.js";
import { readBytes } from "../../support/files.js";

/** What of onnxruntime-web a page takes: the module with its glue, and WebAssembly with SIMD. */
const FILES = ["ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"] as const;

/** The runtime's files by their place in an exported folder; undefined where onnxruntime-web is not installed. */
export function runtimeFiles(): ReadonlyMap<string, Uint8Array> | undefined {
  const folder = runtimeFolder();
  return folder === undefined
    ? undefined
    : new Map(FILES.map((name) => [`ort/${name}`, readBytes(join(folder, name))]));
}

/** Of a playground that was asked for. */
export function missingRuntime(): LimbeckError {
  return new LimbeckError("OPTION_INVALID", "the playground needs onnxruntime-web, which is not installed", {
    value: "onnxruntime-web",
    fix: `Run npm install onnxruntime-web@${onnxRuntimeVersion()}, or leave the page out with --no-playground.`,
  });
}

function runtimeFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve("onnxruntime-web/wasm"));
  } catch {
    return undefined;
  }
}

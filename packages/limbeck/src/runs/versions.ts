import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

function versionIn(path: string): string {
  return String(JSON.parse(readFileSync(path, "utf8")).version);
}

/** This package's version. */
export function limbeckVersion(): string {
  return versionIn(require.resolve("../../package.json"));
}

/** Version of ONNX Runtime that trains and measures. */
export function onnxRuntimeVersion(): string {
  return versionIn(require.resolve("onnxruntime-node/package.json"));
}

import { cpus } from "node:os";
import { onnxRuntimeVersion } from "./versions.js";

/** What figures were measured on. */
export interface Environment {
  readonly node: string;
  readonly onnxruntime: string;
  readonly cpu: string;
  readonly platform: string;
}

export function environment(): Environment {
  return {
    node: process.version,
    onnxruntime: onnxRuntimeVersion(),
    cpu: cpus()[0]?.model ?? "unknown",
    platform: `${process.platform} ${process.arch}`,
  };
}

import { cpus } from "node:os";
import type { MeasuredOn } from "../support/measured-on.js";
import { onnxRuntimeVersion } from "./versions.js";

/** Of what figures are measured on, all but Limbeck itself. */
export function environment(): Omit<MeasuredOn, "limbeck"> {
  return {
    node: process.version,
    onnxruntime: onnxRuntimeVersion(),
    cpu: cpus()[0]?.model ?? "unknown",
    platform: `${process.platform} ${process.arch}`,
  };
}

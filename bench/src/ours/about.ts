import { createRequire } from "node:module";
import { packageVersion } from "../process/version.js";

/** What our figures were measured with. */
export function about(threads: number): string {
  const graph = createRequire(import.meta.url).resolve("@limbeck/graph");
  const version = packageVersion("onnxruntime-node", graph);
  return `onnxruntime-node ${version}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}

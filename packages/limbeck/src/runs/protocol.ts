import type { ErrorRecord } from "../support/errors.js";
import type { RunEvent } from "./events.js";

/** What the process that started a run tells the one that works. */
export type ParentMessage =
  | { readonly kind: "start"; readonly runDir: string; readonly checkpointSeconds?: number | undefined }
  | { readonly kind: "stop" };

/** What the working process tells. */
export type WorkerMessage =
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "error"; readonly error: ErrorRecord }
  | { readonly kind: "crash"; readonly message: string };

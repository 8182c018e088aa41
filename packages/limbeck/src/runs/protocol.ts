import type { ErrorRecord } from "../support/errors.js";
import type { FunctionAnswer } from "../teachers/black-box/function.js";
import type { Question } from "../teachers/black-box/source.js";
import type { RunEvent } from "./events.js";

/** What the process that started a run tells the one that works. */
export type ParentMessage =
  | {
      readonly kind: "start";
      readonly runDir: string;
      readonly checkpointSeconds?: number | undefined;
      readonly hasTeacher: boolean;
    }
  | { readonly kind: "stop" }
  | { readonly kind: "answer"; readonly id: number; readonly answer: FunctionAnswer }
  | { readonly kind: "no-answer"; readonly id: number; readonly message: string };

/** What the working process tells. */
export type WorkerMessage =
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "ask"; readonly id: number; readonly question: Question }
  | { readonly kind: "error"; readonly error: ErrorRecord }
  | { readonly kind: "crash"; readonly message: string };

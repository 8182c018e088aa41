import { TypedError } from "@limbeck/graph";
import { type ProgressView, viewOn } from "./progress.js";
import { EXIT, onInterrupt } from "./run.js";

/** What work that is watched is given: it stops when the signal aborts, and tells how far it is. */
export interface WatchedWork {
  readonly signal: AbortSignal;
  readonly onEvent: ProgressView["show"];
}

/**
 * Does what writes nothing before its end, with progress (on standard error for `--json`), until it is done or somebody presses
 * Ctrl-C.
 * @returns nothing where it was stopped, which has then been said
 */
export async function watched<Result>(
  json: boolean,
  work: (watching: WatchedWork) => Promise<Result>,
): Promise<Result | undefined> {
  const stream = json ? process.stderr : process.stdout;
  const view = viewOn(stream);
  const controller = new AbortController();
  const stopWatching = onInterrupt(controller, stream, () => {
    view.close();
    process.exit(EXIT.interrupted);
  });
  try {
    return await work({ signal: controller.signal, onEvent: (event) => view.show(event) });
  } catch (error) {
    if (error instanceof TypedError || !controller.signal.aborted) throw error;
    view.close();
    process.stdout.write(json ? `${JSON.stringify({ status: "interrupted" })}\n` : "Stopped. Nothing was written.\n");
    process.exitCode = EXIT.interrupted;
    return undefined;
  } finally {
    view.close();
    stopWatching();
  }
}

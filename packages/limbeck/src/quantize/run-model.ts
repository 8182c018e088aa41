import type { RuntimeTensor } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { LimbeckError } from "../support/errors.js";

/** What a model is fed, by input. */
export type Feeds = Readonly<Record<string, RuntimeTensor>>;

type Session = Awaited<ReturnType<typeof nodeBackend.createSession>>;

/** An ONNX file that answers feeds. */
export class RunningModel {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** @throws LimbeckError FILE_UNREADABLE where ONNX Runtime refuses the file */
  static async open(
    model: Uint8Array,
    threads: number,
    weights: ReadonlyMap<string, Uint8Array> = new Map(),
  ): Promise<RunningModel> {
    try {
      return new RunningModel(await nodeBackend.createSession(model, { threads, weights }));
    } catch (cause) {
      throw new LimbeckError("FILE_UNREADABLE", `ONNX Runtime does not load the model: ${(cause as Error).message}`, {
        fix: "Check the model with `limbeck inspect`.",
        cause,
      });
    }
  }

  /** Values of float32 by name: outputs, and what was fed. */
  async values(feeds: Feeds, names: readonly string[]): Promise<Map<string, Float32Array>> {
    const asked = names.filter((name) => !Object.hasOwn(feeds, name));
    const results = asked.length > 0 ? await this.#session.run(feeds, asked) : {};
    return new Map(names.map((name) => [name, (feeds[name] ?? results[name]!).data as Float32Array]));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

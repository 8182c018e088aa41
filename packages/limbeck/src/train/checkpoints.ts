import { existsSync, rmSync } from "node:fs";
import type { TrainingProgram, TrainingState } from "@limbeck/graph";
import { z } from "zod";
import { LimbeckError } from "../support/errors.js";
import { type HostTensor, readSafetensors, writeSafetensors } from "../support/safetensors.js";

const progressSchema = z.strictObject({
  step: z.int().nonnegative(),
  /** Sums over the epoch under way, so that its mean survives a restart. */
  sums: z.record(z.string(), z.number()),
  /** Loss of the very first step, against which explosions are judged. */
  firstLoss: z.number().nullable(),
});

/** How far a training has come, beside its tensors. */
export type TrainingProgress = z.infer<typeof progressSchema>;

/** Values of a finished model, by PyTorch's parameter names. */
export type Parameters = Readonly<Record<string, Float32Array>>;

/** The checkpoints of one training: `<path>.partial.safetensors` while it runs, `<path>.safetensors` once it is done. */
export class Checkpoints {
  readonly #finished: string;
  readonly #partial: string;

  constructor(path: string) {
    this.#finished = `${path}.safetensors`;
    this.#partial = `${path}.partial.safetensors`;
  }

  /** Parameters of the finished training, if it is finished. @throws LimbeckError FILE_UNREADABLE */
  finished(): Parameters | undefined {
    if (!existsSync(this.#finished)) return undefined;
    const { tensors } = readSafetensors(this.#finished);
    return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array]));
  }

  /** State of an unfinished training, if there is one. @throws LimbeckError FILE_UNREADABLE */
  partial(): { state: TrainingState; progress: TrainingProgress } | undefined {
    if (!existsSync(this.#partial)) return undefined;
    const { tensors, metadata } = readSafetensors(this.#partial);
    const progress = progressSchema.safeParse(JSON.parse(metadata.progress ?? "null"));
    if (!progress.success) {
      throw new LimbeckError("FILE_UNREADABLE", `${this.#partial} does not say how far training had come`, {
        where: this.#partial,
        fix: "Delete it to begin this training anew.",
      });
    }
    const state = Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]));
    return { state, progress: progress.data };
  }

  save(program: TrainingProgram, state: TrainingState, progress: TrainingProgress): void {
    const metadata = { format: "pt", progress: JSON.stringify(progress) };
    writeSafetensors(this.#partial, { tensors: toHost(program, state), metadata });
  }

  finish(program: TrainingProgram, state: TrainingState, step: number): Parameters {
    const names = new Set(program.parameters.map(({ name }) => name));
    const tensors = Object.fromEntries(Object.entries(toHost(program, state)).filter(([name]) => names.has(name)));
    writeSafetensors(this.#finished, { tensors, metadata: { format: "pt", step: String(step) } });
    rmSync(this.#partial, { force: true });
    return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data.slice() as Float32Array]));
  }
}

function toHost(program: TrainingProgram, state: TrainingState): Record<string, HostTensor> {
  return Object.fromEntries(
    program.state.map(({ name, tensor }) => [name, { dtype: tensor.dtype, shape: tensor.shape, data: state[name]! }]),
  );
}

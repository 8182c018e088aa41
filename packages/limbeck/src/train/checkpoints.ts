import { existsSync, rmSync } from "node:fs";
import { formatShape, type TensorType, type TrainingState } from "@limbeck/graph";
import { z } from "zod";
import type { TensorSpec } from "../models/model.js";
import type { CarriedTensors } from "../schemes/job.js";
import { belongsToLoss } from "../schemes/store.js";
import { LimbeckError } from "../support/errors.js";
import { isFiniteArray } from "../support/finite.js";
import { type HostTensor, readSafetensors, writeSafetensors } from "../support/safetensors.js";

const progressSchema = z.strictObject({
  step: z.int().nonnegative(),
  /** Sums over the epoch under way, so that its mean survives a restart. */
  sums: z.record(z.string(), z.number()),
  /** Loss of the very first step, against which explosions are judged. */
  firstLoss: z.number().nullable(),
  /** Time spent on these steps, over all sittings. */
  seconds: z.number().default(0),
  /** How much of it the engine waited for samples. */
  waited: z.number().default(0),
});

/** How far a training has come, beside its tensors. */
export type TrainingProgress = z.infer<typeof progressSchema>;

/** Values of a finished model, by PyTorch's parameter names: parameters, trained or not, and running statistics. */
export type Parameters = Readonly<Record<string, Float32Array>>;

type NamedType = TensorType & { readonly name: string };

/** What makes up a model once it is trained: all that its programs were given a value for, but for what losses keep. */
function modelTensors({ parameters, buffers, frozen }: CarriedTensors): readonly NamedType[] {
  return [...parameters, ...buffers, ...frozen].filter(({ name }) => !belongsToLoss(name));
}

/** The checkpoints of one training: `<path>.partial.safetensors` while it runs, `<path>.safetensors` once it is done. */
export class Checkpoints {
  readonly #finished: string;
  readonly #partial: string;
  readonly #carried: CarriedTensors;
  readonly #whole: readonly NamedType[];

  /** @param beside what belongs to the finished model, although no step needs it */
  constructor(path: string, carried: CarriedTensors, beside: readonly TensorSpec[] = []) {
    this.#finished = `${path}.safetensors`;
    this.#partial = `${path}.partial.safetensors`;
    this.#carried = carried;
    const more = beside.map(({ name, shape }): NamedType => ({ name, shape, dtype: "float32" }));
    this.#whole = [...modelTensors(carried), ...more];
  }

  /** The file of the finished model. */
  get path(): string {
    return this.#finished;
  }

  /** Values of the finished model, if training is finished. @throws LimbeckError FILE_UNREADABLE */
  finished(): Parameters | undefined {
    if (!existsSync(this.#finished)) return undefined;
    const { tensors } = readSafetensors(this.#finished);
    const values = this.#checked(this.#finished, tensors, this.#whole);
    rmSync(this.#partial, { force: true });
    return values as Parameters;
  }

  /** State of an unfinished training, if there is one. @throws LimbeckError FILE_UNREADABLE */
  partial(): { state: TrainingState; progress: TrainingProgress } | undefined {
    if (!existsSync(this.#partial)) return undefined;
    const { tensors, metadata } = readSafetensors(this.#partial);
    const progress = parseProgress(metadata.progress);
    if (!progress) throw this.#damaged(this.#partial, "it does not say how far training had come");
    const state = this.#checked(this.#partial, tensors, this.#carried.state);
    return { state, progress };
  }

  save(state: TrainingState, progress: TrainingProgress): void {
    const metadata = { format: "pt", progress: JSON.stringify(progress) };
    writeSafetensors(this.#partial, { tensors: toHost(this.#carried.state, state), metadata });
  }

  /** @param values of the model after its last step; others beside them, such as an optimizer's slots, are not kept */
  finish(values: TrainingState, step: number): Parameters {
    const tensors = toHost(this.#whole, values);
    writeSafetensors(this.#finished, { tensors, metadata: { format: "pt", step: String(step) } });
    rmSync(this.#partial, { force: true });
    return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data.slice() as Float32Array]));
  }

  /** Values of exactly the tensors that are expected, all finite. */
  #checked(path: string, found: Readonly<Record<string, HostTensor>>, expected: readonly NamedType[]): TrainingState {
    if (Object.keys(found).length !== expected.length) throw this.#damaged(path, "it holds other tensors");
    return Object.fromEntries(
      expected.map(({ name, dtype, shape }) => {
        const tensor = found[name];
        if (tensor?.dtype !== dtype || formatShape(tensor.shape) !== formatShape(shape)) {
          throw this.#damaged(path, `it has no ${name} of ${dtype}${formatShape(shape)}`);
        }
        if (!isFiniteArray(tensor.data)) throw this.#damaged(path, `${name} is not finite`);
        return [name, tensor.data];
      }),
    );
  }

  #damaged(path: string, problem: string): LimbeckError {
    return new LimbeckError("FILE_UNREADABLE", `${path} cannot be gone on from: ${problem}`, {
      where: path,
      fix: "Delete it to begin this training anew.",
    });
  }
}

function parseProgress(text: string | undefined): TrainingProgress | undefined {
  try {
    return progressSchema.parse(JSON.parse(text ?? ""));
  } catch {
    return undefined;
  }
}

function toHost(tensors: readonly NamedType[], state: TrainingState): Record<string, HostTensor> {
  return Object.fromEntries(tensors.map(({ name, dtype, shape }) => [name, { dtype, shape, data: state[name]! }]));
}

import { type Graph, ops, type Tensor, type TrainingBuffer } from "@limbeck/graph";
import type { LossStore } from "../losses/loss.js";
import { drawInitial } from "../models/initial.js";
import type { TensorSpec } from "../models/model.js";

/** What losses keep is called `loss/<term>/<name>`, which no model's parameter is. */
const PREFIX = "loss/";

/** Whether a piece of a training's state belongs to a loss: it ends with the training. */
export function belongsToLoss(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** What the losses of one training keep beside the student: adapters and memories. */
export class TermStore {
  readonly #graph: Graph;
  readonly #specs: TensorSpec[] = [];
  readonly #buffers = new Map<Tensor, Omit<TrainingBuffer, "input">>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** The store as one term sees it. @param term its name, unique in the training */
  of(term: string): LossStore {
    const declare = (spec: TensorSpec) => {
      const named = { ...spec, name: `${PREFIX}${term}/${spec.name}` };
      this.#specs.push(named);
      return this.#graph.parameter(named.name, "float32", named.shape);
    };
    return {
      parameter: (name, shape, init) => declare({ name, shape, init }),
      buffer: (name, shape, init) => {
        const buffer = declare({ name, shape, init });
        this.#buffers.set(buffer, { next: buffer });
        return buffer;
      },
      carry: (buffer, next) => this.#buffers.set(buffer, { next }),
      carryRows: (buffer, rows, next) => this.#buffers.set(buffer, { rows, next }),
    };
  }

  /** What is carried without gradient. A buffer that no loss sets stays as it is. */
  get buffers(): TrainingBuffer[] {
    return [...this.#buffers].map(([input, { next, ...rows }]) => {
      return { input, next: next === input ? ops.identity(input) : next, ...rows };
    });
  }

  /** First values, from a seed. */
  initialize(seed: number): Record<string, Float32Array> {
    return Object.fromEntries(this.#specs.map(({ name, shape, init }) => [name, drawInitial(init, shape, seed, name)]));
  }
}

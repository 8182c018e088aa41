import type { Schedule, TrainingProgram, TypedArray } from "@limbeck/graph";
import type { Model, ModelValues } from "../models/model.js";
import type { BatchSource } from "./batch-source.js";
import type { ModelWithExits } from "./exit-models.js";

/** A model that learns beside the student. */
export interface Peer {
  /** As results and files call it. */
  readonly name: string;
  readonly model: Model;
  /** Its values by its own names, of all of the training's; others may be among them. */
  own(values: ModelValues): ModelValues;
}

/** A peer whose tensors are called `<name>/…` in the training. */
export function peerNamed(name: string, model: Model): Peer {
  const prefix = prefixOf(name);
  return { name, model, own: (values) => withoutPrefix(values, prefix) };
}

/** What stands before the names of a peer's tensors in the training. */
export const prefixOf = (name: string): string => `${name}/`;

function withoutPrefix(values: ModelValues, prefix: string): ModelValues {
  const own = Object.entries(values).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** A program that runs once in every step, after the training's own, over the same values: of what learns against the student. */
export interface Turn {
  readonly program: TrainingProgram;
  /** Names its loss in reports, and stands before the names of its terms. */
  readonly name: string;
  readonly learningRate: Schedule;
  feeds(step: number): Promise<Readonly<Record<string, TypedArray>>>;
}

/** A training that is ready to run: everything random in it is a function of seed and step, so it can go on anywhere. */
export interface TrainingJob {
  /** As it is judged and exported: with what a method deploys beside the student. */
  readonly model: Model;
  /** Default: nothing learns beside it. */
  readonly peers?: readonly Peer[];
  /** Where what learned beside it are exits of one network, that network. */
  readonly exits?: ModelWithExits;
  readonly program: TrainingProgram;
  /** How often the program runs in a step. Default 1. */
  readonly repeats?: number;
  /** What takes turns with it. Default: nothing. */
  readonly turn?: Turn;
  /** First values of what is trained, carried (such as running statistics) and frozen, by name. */
  readonly initial: Readonly<Record<string, Float32Array>>;
  /** Values of the model that no step needs, by name: weights taken over from the teacher. Default: none. */
  readonly unused?: ModelValues;
  readonly seed: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly learningRate: Schedule;
  /** Whose batches are fed; missing where the training makes its own samples. */
  readonly batches?: BatchSource;
  /**
   * What a step feeds. The arrays are filled anew by each call.
   * @param repeat which run of the program in the step, from 0
   */
  feeds(step: number, repeat?: number): Promise<Readonly<Record<string, TypedArray>>>;
}

/** What a training's programs carry from step to step, and what none of them changes. */
export type CarriedTensors = Pick<TrainingProgram, "state" | "parameters" | "buffers" | "frozen">;

/** The tensors of all programs of a training, each once. */
export function carriedTensors({ program, turn }: Pick<TrainingJob, "program" | "turn">): CarriedTensors {
  if (!turn) return program;
  const both = (part: keyof CarriedTensors) => {
    const tensors = [...program[part], ...turn.program[part]];
    return [...new Map(tensors.map((tensor) => [tensor.name, tensor])).values()];
  };
  const state = both("state");
  const carried = new Set(state.map(({ name }) => name));
  return {
    state,
    parameters: both("parameters"),
    buffers: both("buffers"),
    frozen: both("frozen").filter(({ name }) => !carried.has(name)),
  };
}

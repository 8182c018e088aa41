import type { Schedule, TrainingProgram, TypedArray } from "@limbeck/graph";
import type { Model, ModelValues } from "../models/model.js";
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

/** A training that is ready to run: everything random in it is a function of seed and step, so it can go on anywhere. */
export interface TrainingJob {
  /** As it is judged and exported: with what a method deploys beside the student. */
  readonly model: Model;
  /** Default: nothing learns beside it. */
  readonly peers?: readonly Peer[];
  /** Where what learned beside it are exits of one network, that network. */
  readonly exits?: ModelWithExits;
  readonly program: TrainingProgram;
  /** First values of what is trained, carried (such as running statistics) and frozen, by name. */
  readonly initial: Readonly<Record<string, Float32Array>>;
  /** Values of the model that no step needs, by name: weights taken over from the teacher. Default: none. */
  readonly unused?: ModelValues;
  readonly seed: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly learningRate: Schedule;
  /** What a step feeds. The arrays are filled anew by each call. */
  feeds(step: number): Promise<Readonly<Record<string, TypedArray>>>;
}

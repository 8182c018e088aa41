import type { Graph, Optimizer, Schedule, Tensor, TrainingBuffer, TypedArray } from "@limbeck/graph";
import type { ModelValues } from "../../models/model.js";
import type { GraphOptions } from "../wiring.js";

/** What images depend on. */
export type SourceOptions = Pick<GraphOptions, "split" | "train" | "options" | "liveTeacher">;

/** Images in a graph, [N, C, H, W], and what is carried on for them. */
export interface Pictures {
  readonly images: Tensor;
  readonly buffers: readonly TrainingBuffer[];
}

/** Images that a turn makes better. */
export interface Made extends Pictures {
  readonly parameters: readonly Tensor[];
  readonly optimizer: Optimizer;
  /** Classes that they are made for, int64 [N]. Default: those that the teacher takes them for. */
  readonly labels?: Tensor | undefined;
  /** What is minimized of the images alone, weighted, by name. */
  readonly priors: Readonly<Record<string, Tensor>>;
  /** What else is minimized, weighted, and carried on: of how the teacher answers to the images, and to others. */
  readonly beyond?: undefined | ((logits: Tensor, answer: (images: Tensor) => Tensor) => Beyond);
}

/** What a turn has beside images and their own aims. */
export interface Beyond extends Pick<Pictures, "buffers"> {
  readonly terms: Readonly<Record<string, Tensor>>;
}

type Feeds = Readonly<Record<string, TypedArray>>;

/** Where a student's images come from, and how these become better: what distinguishes data-free schemes. */
export interface ImageSource {
  /** How images become better. Default: they do not. */
  readonly turn?: SourceTurn;
  /** @throws LimbeckError RECIPE_INVALID where its options do not fit */
  check(): void;
  /** First values of all that is declared, by name. */
  initial(seed: number): ModelValues;
  /** Declares what the student sees in a step. */
  seen(graph: Graph): Pictures;
  /** What steps and turns are fed; programs may need less. */
  feeds(seed: number): SourceFeeds;
  /** Declares images to look at when training is over, as many as are asked for or fewer. */
  shown(graph: Graph, most: number, seed: number): Tensor;
}

/** What takes turns with a student. */
export interface SourceTurn {
  /** What is trained, as reports name it. */
  readonly name: string;
  readonly learningRate: Schedule;
  /** Declares what is trained. */
  made(graph: Graph): Made;
}

export interface SourceFeeds {
  /** @param repeat which of the student's steps in the round, from 0 */
  seen(step: number, repeat: number): Feeds;
  /** Of turns, where there are any. */
  made?(step: number): Feeds;
}

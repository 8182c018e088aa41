import { createGraph, type Tensor } from "@limbeck/graph";
import type { Split } from "../../data/dataset.js";
import { declareTensors, type ForwardResult, type Model, parameterCount } from "../../models/model.js";
import type { TrainOptions } from "../../recipe/schema.js";
import { LimbeckError } from "../../support/errors.js";
import { teacherForward } from "../live-teacher.js";

/** What a choice of terms is for. */
export interface PairOptions {
  readonly student: Model;
  readonly teacher: Model;
  /** Whether the teacher is several that know some classes each. */
  readonly hasSpecialists?: boolean;
  /** Transfer set. */
  readonly split: Split;
  readonly train: TrainOptions;
}

/** What a choice of terms depends on: shapes and counts, never numbers. */
export interface Pair {
  readonly student: ForwardResult;
  /** Missing where the teacher only answers. */
  readonly teacher: ForwardResult | undefined;
  readonly isOneFamily: boolean;
  /** How many times the student's weights the teacher has. */
  readonly ratio: number;
  readonly classes: number;
  /** Classes of which the transfer set has no sample. */
  readonly absent: number;
  /** Samples of each class that is there, on average. */
  readonly samplesPerClass: number;
  readonly batchSize: number;
}

/** @throws LimbeckError RECIPE_INVALID, and what building the student throws */
export function pairOf({ student, teacher, split, train }: PairOptions): Pair {
  const { dataset, indices } = split;
  const graph = createGraph();
  const { channels, height, width } = dataset;
  const images = graph.input("images", "float32", [train.batchSize, channels, height, width]);
  const present = new Set(Array.from(indices, (index) => dataset.labels[index])).size;
  return {
    student: student.forward(images, declareTensors(student, graph), true),
    teacher: insideOf(teacher, images),
    isOneFamily: student.family === teacher.family,
    ratio: parameterCount(teacher) / parameterCount(student),
    classes: dataset.classes.length,
    absent: dataset.classes.length - present,
    samplesPerClass: indices.length / present,
    batchSize: train.batchSize,
  };
}

/** A file that takes one image at a time cannot be looked into. */
function insideOf(teacher: Model, images: Tensor): ForwardResult | undefined {
  try {
    return teacherForward({ model: teacher }, images);
  } catch (error) {
    if (error instanceof LimbeckError && error.code === "TEACHER_MISMATCH") return undefined;
    throw error;
  }
}

import type { Graph, Tensor } from "@limbeck/graph";
import { type ForwardResult, type Model, type ModelValues, tensorsOf } from "../models/model.js";
import type { Specialists } from "../teachers/specialists/options.js";

/** A teacher that runs inside of the student's training graph, so that losses can look inside of it. */
export interface LiveTeacher {
  /** Of specialists, their answers side by side. */
  readonly model: Model;
  /** Missing where one teacher knows all classes. */
  readonly specialists?: Specialists | undefined;
  /** How many numbers it answers with, where those are not as many as the student's. */
  readonly width?: number | undefined;
  /** Its parameters and running statistics; without them only its shapes are known. */
  readonly values?: ModelValues | undefined;
}

/** Declares the teacher: its forward pass as it answers, with no dropout, running statistics, and numbers that nothing changes. */
export function declareTeacher({ model, values }: LiveTeacher, graph: Graph): (images: Tensor) => ForwardResult {
  const weights = tensorsOf(model).map(({ name, shape }) => {
    const ours = `teacher/${name}`;
    const numbers = values?.[name];
    return [
      name,
      numbers ? graph.constant("float32", shape, numbers, ours) : graph.input(ours, "float32", shape),
    ] as const;
  });
  return (images) => model.forward(images, Object.fromEntries(weights), false);
}

/** A teacher that answers once in a graph; see {@link declareTeacher}. */
export const teacherForward = (teacher: LiveTeacher, images: Tensor): ForwardResult =>
  declareTeacher(teacher, images.graph)(images);

import type { Tensor } from "@limbeck/graph";
import { type ForwardResult, type Model, type ModelValues, tensorsOf } from "../models/model.js";
import type { Specialists } from "../teachers/specialists/options.js";

/** A teacher that runs inside of the student's training graph, so that losses can look inside of it. */
export interface LiveTeacher {
  /** Of specialists, their answers side by side. */
  readonly model: Model;
  /** Missing where one teacher knows all classes. */
  readonly specialists?: Specialists | undefined;
  /** Its parameters and running statistics; without them only its shapes are known. */
  readonly values?: ModelValues | undefined;
}

/** The teacher's forward pass as it answers: no dropout, running statistics, and numbers that nothing changes. */
export function teacherForward({ model, values }: LiveTeacher, images: Tensor): ForwardResult {
  const { graph } = images;
  const weights = tensorsOf(model).map(({ name, shape }) => {
    const ours = `teacher/${name}`;
    const numbers = values?.[name];
    return [
      name,
      numbers ? graph.constant("float32", shape, numbers, ours) : graph.input(ours, "float32", shape),
    ] as const;
  });
  return model.forward(images, Object.fromEntries(weights), false);
}

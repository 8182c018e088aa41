import { z } from "zod";
import { isImageArrays, isRowArrays } from "../source.js";
import type { Task } from "./task.js";

const options = z.strictObject({});

/** Samples of one class each; also of rows, windows and files, whatever its name says. */
export const imageClassification: Task<z.infer<typeof options>> = {
  name: "image-classification",
  description: "One number for each class: its logit.",
  hasClasses: true,
  withholds: [],
  options,
  expand: (recipe) => recipe,
  unfit: ({ data: { source } }) => {
    if (!(isImageArrays(source) || isRowArrays(source))) return [];
    const message =
      "is missing; it takes a file with the class of each sample, or no classes at all: `task: embedding`";
    return [
      ...(source.labels === undefined ? [{ path: ["data", "source", "labels"], message }] : []),
      ...(source.test && source.test.labels === undefined
        ? [{ path: ["data", "source", "test", "labels"], message }]
        : []),
    ];
  },
};

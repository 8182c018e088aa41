import { z } from "zod";
import { modelChoice } from "./choice.js";

const describe = (description: string) => ({ description });

/** How `limbeck search` looks for a student. */
export const searchOptions = z.strictObject({
  students: z
    .array(modelChoice)
    .min(2)
    .max(64)
    .optional()
    .meta(describe("Models to choose from. Default: smaller and larger ones of the student's family.")),
  validation: z
    .number()
    .gt(0)
    .max(0.5)
    .default(0.2)
    .meta(describe("Share of the training samples that candidates are compared on; the test part is not looked at.")),
  rungs: z
    .int()
    .positive()
    .max(6)
    .default(3)
    .meta(describe("Rounds. Each trains twice as long as the one before, the last for all epochs.")),
  finalists: z
    .int()
    .positive()
    .default(3)
    .meta(describe("How many are trained again on all data, with all seeds, and tested.")),
});

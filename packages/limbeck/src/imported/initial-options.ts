import { z } from "zod";
import { sha256Option } from "../teachers/onnx/options.js";
import { wrongRule } from "./layer-map.js";

const describe = (description: string) => ({ description });

/** What a recipe says of a student's first values. */
export const initialOptions = z.strictObject({
  from: z
    .string()
    .min(1)
    .meta(describe("teacher: what the run trains; or an ONNX or safetensors file, named as a teacher's is.")),
  sha256: sha256Option,
  layers: z
    .record(z.string().min(1), z.string().min(1))
    .default({ "*": "*" })
    .superRefine((layers, context) => {
      for (const [donor, student] of Object.entries(layers)) {
        const message = wrongRule(donor, student);
        if (message) context.addIssue({ code: "custom", path: [donor], message });
      }
      if (Object.keys(layers).length === 0) context.addIssue({ code: "custom", message: "names no layer" });
    })
    .meta(
      describe(
        "Names of the donor's tensors, and what they are called in the student. * stands for any characters, {i} for a number: { 'blocks.{2i}.*': 'blocks.{i}.*' } takes every second block.",
      ),
    ),
});

export type InitialOptions = z.output<typeof initialOptions>;

/** The donor that a run trains itself. */
export const TEACHER_DONOR = "teacher";

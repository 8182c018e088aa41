import { z } from "zod";
import { answerFields, imageFields } from "../teachers/onnx/options.js";

const describe = (description: string) => ({ description });

/** What a recipe says of a network that is read from an ONNX file to be trained further. */
export const onnxModelOptions = z
  .strictObject({
    onnx: z.string().min(1).meta(describe("ONNX file of a network that is trained further; named as a teacher's is.")),
    ...imageFields,
    cut: z
      .string()
      .min(1)
      .default("auto")
      .meta(
        describe(
          "The value that a new head reads: a name, or a pattern that fits one. auto: what the file's last linear layer reads.",
        ),
      ),
    head: z
      .enum(["linear", "own"])
      .default("linear")
      .meta(
        describe(
          "linear: a new layer for the run's classes, behind an average over places where the cut has any; own: the file's answers.",
        ),
      ),
    trainable: z
      .array(z.string().min(1))
      .default(["*"])
      .meta(
        describe(
          "Names or patterns of the file's weights that are trained; all others are frozen. A new head (head.*) always is trained.",
        ),
      ),
    ...answerFields,
  })
  .superRefine(({ head, cut, trainable, answers, classes, output }, context) => {
    const issue = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
    if (head === "own") {
      if (cut !== "auto") issue("cut", "head: own has the file answer as a whole; leave cut out");
      if (trainable.length === 0)
        issue("trainable", "nothing would be trained: name some weights, or use head: linear");
      return;
    }
    const given = { answers, classes };
    for (const [key, value] of Object.entries(given)) {
      if (value !== undefined) issue(key, `a new head has none of the file's ${key}; leave it out, or use head: own`);
    }
    if (output !== undefined && cut !== "auto") issue("output", "the network ends at cut; leave output out");
  });

export type OnnxModelOptions = z.output<typeof onnxModelOptions>;

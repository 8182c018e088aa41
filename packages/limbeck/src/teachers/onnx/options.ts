import { z } from "zod";

const describe = (description: string) => ({ description });

/** A number for all channels, or one for each. */
const perChannel = (number: z.ZodNumber) => z.union([number, z.array(number).min(1)]);

/** How images go into the network of an ONNX file, and where its answers come out. */
export const imageFields = {
  input: z.string().min(1).optional().meta(describe("The input that takes images. Default: the only one.")),
  output: z.string().min(1).optional().meta(describe("The output that answers. Default: the first.")),
  layout: z
    .enum(["nchw", "nhwc"])
    .optional()
    .meta(describe("Order of the input's axes. Default: told by where it has 1 or 3 channels.")),
  size: z
    .union([z.int().positive(), z.tuple([z.int().positive(), z.int().positive()])])
    .optional()
    .meta(
      describe(
        "Height and width that images are resized to. Default: the file's; where that is open, the images' own.",
      ),
    ),
  range: z
    .tuple([z.number(), z.number()])
    .optional()
    .meta(describe("What black and white are for the teacher. Default: [0, 1]; [0, 255] where it takes bytes.")),
  mean: perChannel(z.number()).optional().meta(describe("Subtracted from values in the range, for each channel.")),
  std: perChannel(z.number().positive()).optional().meta(describe("Divides values after that, for each channel.")),
};

/** What a classifier's output means. */
export const answerFields = {
  answers: z
    .enum(["logits", "probabilities"])
    .optional()
    .meta(describe("What the output holds. Default: told by whether it sums up to 1.")),
  classes: z
    .array(z.int().min(0))
    .min(2)
    .optional()
    .meta(describe("Which of the output's places are the data's classes, in their order. Default: all.")),
};

/** What a recipe says of a teacher that is read from an ONNX file. */
export const onnxTeacherOptions = z.strictObject({
  onnx: z.string().min(1).meta(describe("ONNX file of a trained classifier; it is frozen. Relative to the recipe.")),
  ...imageFields,
  ...answerFields,
});

const image = z.strictObject({ onnx: z.string(), ...imageFields });
const answer = z.strictObject(answerFields);

/** A file, and how images go in. */
export type ImageOptions = z.output<typeof image>;
export type AnswerOptions = z.output<typeof answer>;
export type OnnxTeacherOptions = z.output<typeof onnxTeacherOptions>;

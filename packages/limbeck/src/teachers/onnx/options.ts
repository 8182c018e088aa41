import { z } from "zod";

const describe = (description: string) => ({ description });

/** A number for all channels, or one for each. */
const perChannel = (number: z.ZodNumber) => z.union([number, z.array(number).min(1)]);

/** What a file must hash to. */
export const sha256Option = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "takes 64 digits of lower-case hexadecimal")
  .optional()
  .meta(describe("What the file must hash to; needed of files from the web."));

/** How images go into the network of an ONNX file, and where its answers come out. */
export const imageFields = {
  sha256: sha256Option,
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
  crop: z
    .union([z.int().positive(), z.tuple([z.int().positive(), z.int().positive()])])
    .optional()
    .meta(describe("Height and width that are cut out of the middle after that. Default: nothing is cut off.")),
  resample: z
    .enum(["bilinear", "bicubic"])
    .optional()
    .meta(describe("How images are resized; both smooth where they shrink, as Pillow does. Default: bilinear.")),
  order: z.enum(["rgb", "bgr"]).optional().meta(describe("Order of color channels. Default: rgb.")),
  range: z
    .tuple([z.number(), z.number()])
    .optional()
    .meta(describe("What black and white are for the teacher. Default: [0, 1]; [0, 255] where it takes bytes.")),
  mean: perChannel(z.number()).optional().meta(describe("Subtracted from values in the range, for each channel.")),
  std: perChannel(z.number().positive()).optional().meta(describe("Divides values after that, for each channel.")),
};

const classMap = z
  .strictObject({
    map: z
      .record(z.string().min(1), z.union([z.string(), z.int().min(0)]))
      .optional()
      .meta(
        describe(
          "The teacher's labels (patterns, or places by number), and which of the data's classes they mean. Default: equal names.",
        ),
      ),
    labels: z
      .string()
      .min(1)
      .optional()
      .meta(
        describe(
          "File with the teacher's labels: a config.json with id2label, a JSON list, or one a line. Default: the config.json beside the teacher.",
        ),
      ),
    missing: z
      .enum(["refuse", "impossible"])
      .default("refuse")
      .meta(describe("What becomes of classes that no label means: an error, or the teacher never answers with them.")),
  })
  .meta(describe("The teacher's places by their labels."));

/** How a recipe says which labels mean the data's classes. */
export type ClassMap = z.output<typeof classMap>;

/** What a classifier's output means. */
export const answerFields = {
  answers: z
    .enum(["logits", "probabilities"])
    .optional()
    .meta(describe("What the output holds. Default: told by whether it sums up to 1.")),
  classes: z
    .union([z.array(z.int().min(0)).min(2), classMap])
    .optional()
    .meta(
      describe(
        "Which of the output's places are the data's classes, in their order; or by labels, of which several may mean one class. Default: all.",
      ),
    ),
};

/** What a recipe says of a teacher that is read from an ONNX file. */
export const onnxTeacherOptions = z.strictObject({
  onnx: z
    .string()
    .min(1)
    .meta(
      describe(
        "ONNX file of a trained classifier; it is frozen. A path relative to the recipe, a URL, or hf://owner/name/path on the Hugging Face hub.",
      ),
    ),
  ...imageFields,
  ...answerFields,
});

const image = z.strictObject({ onnx: z.string(), ...imageFields });
const answer = z.strictObject(answerFields);

/** A file, and how images go in. */
export type ImageOptions = z.output<typeof image>;
export type AnswerOptions = z.output<typeof answer>;
export type OnnxTeacherOptions = z.output<typeof onnxTeacherOptions>;

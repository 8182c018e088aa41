import { z } from "zod";
import { memoryOption } from "../data/samples/options.js";
import { initialOptions } from "../imported/initial-options.js";
import type { OnnxModelOptions } from "../imported/options.js";
import { losses } from "../losses/index.js";
import type { Loss, LossNeed } from "../losses/loss.js";
import { termSchedule } from "../losses/schedule.js";
import { functionTeacherOptions, httpTeacherOptions } from "../teachers/black-box/options.js";
import { ensembleFields } from "../teachers/ensemble/options.js";
import { onnxTeacherOptions } from "../teachers/onnx/options.js";
import { ownershipFields, specialistFields } from "../teachers/specialists/options.js";
import { answerStorage } from "../teachers/storage.js";
import { augmentation } from "./augmentation.js";
import { AUTO } from "./auto.js";
import { unfitForBlackBox } from "./black-box.js";
import { cardOptions } from "./card.js";
import { choice, trainedModel } from "./choice.js";
import { compressionFields, unfitForCompression, variantCompressionFields } from "./compression.js";
import { unfitForDraws } from "./draws.js";
import { brokenChain, lateStop, misweighed, unseenLabels } from "./many-teachers.js";
import { type Finding, misplacedChanges, undefinedTerms } from "./mixing.js";
import { wrongAddresses } from "./model-paths.js";
import { presets } from "./presets/index.js";
import { allowPresets } from "./presets/json-schema.js";
import { unfitForScheme } from "./schemes/fit.js";
import { OFFLINE, type SchemeChoice, schemeNamed, schemes } from "./schemes/index.js";
import { searchOptions } from "./search.js";
import { source } from "./source.js";
import { misowned, unfitForMissing, unfitForSpecialists } from "./specialists.js";
import { CLASSIFICATION, type TaskChoice, taskNamed, tasks, unfitForTask } from "./tasks/index.js";
import { missingDonor, missingTeacher } from "./teacher.js";
import { unfitForSource } from "./unfit-source.js";

const describe = (description: string) => ({ description });

const positive = () => z.int().positive();

const optimizer = z.discriminatedUnion("name", [
  z.strictObject({
    name: z.literal("sgd"),
    momentum: z.number().min(0).lt(1).default(0.9),
    nesterov: z.boolean().default(false),
    weightDecay: z.number().min(0).default(0),
  }),
  z.strictObject({
    name: z.literal("adam"),
    betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([0.9, 0.999]),
    eps: z.number().positive().default(1e-8),
    weightDecay: z.number().min(0).default(0),
  }),
  z.strictObject({
    name: z.literal("adamw"),
    betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([0.9, 0.999]),
    eps: z.number().positive().default(1e-8),
    weightDecay: z.number().min(0).default(0.01),
  }),
]);

/** Makes a check of several values a check of zod's. */
function finds<Value>(check: (value: Value) => Finding[]) {
  return (value: Value, context: z.RefinementCtx<Value>) => {
    for (const { path, message } of check(value)) context.addIssue({ code: "custom", path, message });
  };
}

/** How a model is trained; without defaults, because variants override single keys. */
const trainFields = {
  epochs: positive().meta(describe("Passes over the training samples.")),
  batchSize: positive().meta(describe("Samples of one step.")),
  optimizer: optimizer.meta(describe("Update rule, with PyTorch's option names.")),
  learningRate: z.number().positive().meta(describe("Peak learning rate.")),
  decay: z.enum(["cosine", "constant"]).meta(describe("How the learning rate falls after the warm-up.")),
  warmupEpochs: z.number().min(0).meta(describe("Epochs in which the learning rate climbs to its peak.")),
  augment: z
    .array(augmentation)
    .superRefine(finds(misplacedChanges))
    .meta(
      describe("Changes to each training image, in order; then what mixes images: of several, each batch gets one."),
    ),
};

const train = z.strictObject({
  epochs: trainFields.epochs,
  batchSize: trainFields.batchSize.default(128),
  optimizer: trainFields.optimizer.prefault({ name: "adam" }),
  learningRate: trainFields.learningRate.default(0.001),
  decay: trainFields.decay.default("cosine"),
  warmupEpochs: trainFields.warmupEpochs.default(0),
  augment: trainFields.augment.default([]),
});

const model = trainedModel;

/** Where a loss that looks inside of the networks taps them; {@link ANSWER} is what they answer. */
function tapFields(needs: readonly LossNeed[]) {
  const name = z.string().min(1);
  const [one, several] = [needs.includes("features"), needs.includes("pairs of features")];
  if (needs.includes("student features")) {
    return { student: z.array(name).min(1).meta(describe("The student's taps, from the input to the output.")) };
  }
  const taps = several ? z.array(name).min(1) : name;
  const meta = (side: string) =>
    describe(several ? `The ${side}'s taps, from the input to the output.` : `The ${side}'s tap.`);
  return one || several ? { student: taps.meta(meta("student")), teacher: taps.meta(meta("teacher")) } : {};
}

const distillTerm = z
  .discriminatedUnion("loss", losses.map(termOf) as [z.ZodObject, ...z.ZodObject[]])
  .meta({ id: "term", ...describe("One term of the student's loss.") });

/** A loss's own options, with what all terms have. */
function termOf({ name, options, description, needs, weight = 1, schedule }: Loss): z.ZodObject {
  return options
    .extend({
      ...tapFields(needs),
      loss: z.literal(name),
      weight: z.number().positive().default(weight).meta(describe("Factor of this term.")),
      schedule: schedule ? termSchedule.prefault(schedule) : termSchedule.optional(),
    })
    .meta(describe(description));
}

const terms = z.array(distillTerm).min(1);

const distill = z
  .union([z.literal(AUTO).transform((): z.output<typeof terms> => [{ loss: AUTO }]), terms])
  .meta(describe("Terms of the student's loss, which are added up; or auto: they are chosen, and the run says why."));

/** Terms as recipes write them, with defaults filled in. */
export function parseTerms(given: readonly object[]): DistillTerm[] {
  return terms.parse(given);
}

const transfer = z
  .strictObject({
    size: positive().optional().meta(describe("Number of samples, drawn from the training part. Default: all of it.")),
    only: z.array(z.int().min(0)).min(1).optional().meta(describe("Keep these classes only.")),
    without: z.array(z.int().min(0)).min(1).optional().meta(describe("Leave these classes out.")),
  })
  .meta(describe("Transfer set: the samples that the student learns from."));

const data = z.strictObject({
  source,
  train: positive()
    .optional()
    .meta(describe("Samples the teacher learns from. Default: all that are not for testing.")),
  test: positive().optional().meta(describe("Held-out samples. Default: the data set's own test part.")),
  validation: positive()
    .optional()
    .meta(
      describe(
        "Judge by this many of the training samples, which are then not learned from, instead of the test part: for choosing between settings.",
      ),
    ),
  transfer: transfer.prefault({}),
  memory: memoryOption,
});

const variant = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "use lower-case letters, digits and hyphens"),
  description: z.string().default(""),
  transfer: transfer.optional(),
  train: z.strictObject(trainFields).partial().default({}).meta(describe("Overrides of student.train.")),
  distill: distill.optional(),
  assistants: z
    .literal(false)
    .optional()
    .meta(describe("false: learn from the teacher itself, past assistants and generations.")),
  initial: z
    .literal(false)
    .optional()
    .meta(describe("false: start from numbers that are drawn, in place of student.initial.")),
  ...variantCompressionFields,
  baseline: z.boolean().optional(),
  correctBiases: z
    .boolean()
    .default(false)
    .meta(describe("Match the biases of classes missing from the transfer set to the teacher's priors.")),
});

/** Of what students learn from, training may end early. */
const teacherTrain = train
  .extend({
    stopAfter: positive()
      .optional()
      .meta(describe("End after these epochs, in the middle of the schedule. Default: all epochs.")),
  })
  .superRefine(finds(lateStop));

const trainedTeacher = z.strictObject({ model, train: teacherTrain }).meta({ id: "trainedTeacher" });
const onnxTeacher = onnxTeacherOptions.meta({ id: "onnxTeacher" });

const ensemble = z
  .strictObject({
    ensemble: z
      .array(z.union([trainedTeacher, onnxTeacher]))
      .min(2)
      .meta(describe("Teachers that answer together; those that the run trains start from different seeds.")),
    ...ensembleFields,
  })
  .superRefine(finds(misweighed));

const specialists = z.strictObject({
  specialists: z
    .array(
      z.union([
        trainedTeacher.extend(ownershipFields).meta({ id: "trainedSpecialist" }),
        onnxTeacherOptions.extend(ownershipFields).meta({ id: "onnxSpecialist" }),
      ]),
    )
    .min(2)
    .meta(describe("Teachers that know some of the data's classes each; every class needs one.")),
  ...specialistFields,
});

/** Is trained by the run, was trained before, or is several of these. */
const teacher = z
  .union([
    trainedTeacher,
    onnxTeacher,
    ensemble,
    specialists,
    httpTeacherOptions.meta({ id: "httpTeacher" }),
    functionTeacherOptions,
  ])
  .optional()
  .meta(
    describe(
      "A model that the run trains, an ONNX file of a trained one, an ensemble of them, specialists, a service that answers over the network, or a function of the program. Only where a term needs it.",
    ),
  );

const assistant = z.strictObject({
  model,
  train: teacherTrain.optional().meta(describe("Default: as the student is trained.")),
  distill: distill.optional(),
});

/** By name, or with options. */
const scheme = z
  .union([
    z
      .enum(schemes.map(({ name }) => name))
      .transform((name) => ({ name, ...(schemeNamed(name).options.parse({}) as object) })),
    choice("name", schemes),
  ])
  .meta(describe("How models and losses are wired; a name, or a record with options.")) as unknown as z.ZodType<
  SchemeChoice,
  string | SchemeChoice
>;

/** By name, or with options. */
const task = z
  .union([
    z
      .enum(tasks.map(({ name }) => name))
      .transform((name) => ({ name, ...(taskNamed(name).options.parse({}) as object) })),
    choice("name", tasks),
  ])
  .meta(describe("What models answer with; a name, or a record with options.")) as unknown as z.ZodType<
  TaskChoice,
  string | TaskChoice
>;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** What a run is. */
export const recipeSchema = z
  .strictObject({
    name: z.string().regex(NAME, "use letters, digits, dots and hyphens").meta(describe("Names the run folder.")),
    description: z.string().default(""),
    preset: z
      .enum(presets.map(({ name }) => name))
      .optional()
      .meta(describe("Settings that belong together; what the recipe says itself stays as it is.")),
    task: task.prefault(CLASSIFICATION),
    seed: z.int().min(0).default(1).meta(describe("Seed of splits and of the teacher; students count on from it.")),
    seeds: positive().max(100).default(3).meta(describe("How many students, and baselines, are trained.")),
    data,
    scheme: scheme.prefault(OFFLINE),
    teacher,
    answers: answerStorage.prefault({}).meta(describe("How the teacher's stored answers are kept.")),
    assistants: z
      .array(assistant)
      .default([])
      .meta(describe("A chain from teacher to student: each learns from the one before (Mirzadeh et al. 2020).")),
    generations: positive()
      .max(20)
      .default(1)
      .meta(
        describe(
          "How many times the student's model is trained, each time by the one before; the last is the student.",
        ),
      ),
    student: z.strictObject({
      model,
      train,
      initial: initialOptions.optional().meta(describe("Whose numbers it starts from. Default: drawn from its seed.")),
      ...compressionFields,
    }),
    distill: distill.prefault([{ loss: "kd" }]),
    baseline: z.boolean().default(true).meta(describe("Also train the same student on hard labels, for comparison.")),
    card: cardOptions.optional(),
    search: searchOptions.prefault({}).meta(describe("How `limbeck search` looks for a student.")),
    variants: z
      .array(variant)
      .default([])
      .refine(
        (variants) => new Set(variants.map(({ name }) => name)).size === variants.length,
        "two have the same name",
      )
      .meta(describe("Further comparisons with the same teacher.")),
  })
  .superRefine(finds(undefinedTerms))
  .superRefine(finds(unfitForScheme))
  .superRefine(finds(unfitForSource))
  .superRefine(finds(unfitForTask))
  .superRefine(finds(missingTeacher))
  .superRefine(finds(missingDonor))
  .superRefine(finds(wrongAddresses))
  .superRefine(finds(unseenLabels))
  .superRefine(finds(misowned))
  .superRefine(finds(unfitForSpecialists))
  .superRefine(finds(unfitForMissing))
  .superRefine(finds(unfitForBlackBox))
  .superRefine(finds(unfitForDraws))
  .superRefine(finds(brokenChain))
  .superRefine(finds(unfitForCompression))
  .meta({ title: "Limbeck recipe", description: "What to distill, from what, into what." });

/** A validated recipe, with all defaults filled in. */
export type Recipe = z.output<typeof recipeSchema>;
/** How a model is trained. */
export type TrainOptions = Recipe["student"]["train"] & {
  /** Where training ends before its schedule does. */
  readonly stopAfter?: number | undefined;
};
/** Which samples a student learns from. */
export type TransferOptions = Recipe["data"]["transfer"];
/** One optimizer with its options. */
export type OptimizerChoice = TrainOptions["optimizer"];
/** A further comparison with the same teacher. */
export type Variant = Recipe["variants"][number];
/** One teacher: what a run trains, or a file. */
export type TeacherOptions = Exclude<NonNullable<Recipe["teacher"]>, { ensemble: unknown } | { specialists: unknown }>;
/** A model family's name and options, or a file and how it is trained further. */
export type ModelOptions = Recipe["student"]["model"];

/** Whether a model is the network of a file. */
export function isFile(model: ModelOptions): model is OnnxModelOptions {
  return "onnx" in model;
}

/** One term of a student's loss. */
export type DistillTerm = Recipe["distill"][number];

/** JSON schema of a recipe file, for editors. */
export function recipeJsonSchema(): object {
  const whole = allowPresets(z.toJSONSchema(recipeSchema, { io: "input", target: "draft-7" }));
  const { required, allOf, ...schema } = whole;
  const base = { type: "string", description: "A recipe, relative to this one, that this one is laid over." };
  return {
    ...schema,
    properties: { extends: base, ...schema.properties },
    if: { required: ["extends"] },
    else: { required, allOf },
  };
}

import { answerWidth, splitLabels } from "../../data/dataset.js";
import { cosines } from "../../evaluate/embedding/vectors.js";
import { countErrors } from "../../evaluate/metrics.js";
import { mean } from "../../evaluate/statistics.js";
import type { Model } from "../../models/model.js";
import { Classifier } from "../../teachers/classifier.js";
import type { Parameters } from "../../train/checkpoints.js";
import type { HeldOut } from "../../train/events.js";
import type { RunContext } from "../context.js";

/** About how many points a learning curve has. */
const CURVE_POINTS = 60;

/** What a model's answers to the test samples come to. */
type Judge = (answers: Float32Array, context: RunContext) => HeldOut;

const countWrong: Judge = (logits, { samples: { test } }) => {
  return { errors: countErrors({ logits, classes: test.dataset.classes.length, labels: splitLabels(test) }) };
};

const compareWithTeacher: Judge = (values, { samples: { test }, testAnswers }) => {
  const width = answerWidth(test.dataset);
  const isAlike = testAnswers!.length === values.length;
  const cosine = isAlike ? mean(cosines({ values: testAnswers!, width }, { values, width })) : null;
  return { errors: null, cosine };
};

/** By task. */
const JUDGES: Readonly<Record<string, Judge>> = {
  "image-classification": countWrong,
  embedding: compareWithTeacher,
};

/** Judges a model by the test samples, for its learning curve. Nothing is ever chosen by them. */
export async function heldOutJudge(context: RunContext, model: Model) {
  const { test } = context.samples;
  const classifier = await Classifier.ofModel(model, test.dataset, context.threads);
  return {
    points: CURVE_POINTS,
    evaluate: async (parameters: Parameters): Promise<HeldOut> => {
      classifier.setValues(model, parameters);
      return JUDGES[context.recipe.task.name]!(await classifier.classify(test), context);
    },
    release: () => classifier.release(),
  };
}

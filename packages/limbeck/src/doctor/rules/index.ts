import type { Rule } from "../rule.js";
import { absentClasses } from "./absent-classes.js";
import { calibration } from "./calibration.js";
import { capacityGap } from "./capacity-gap.js";
import { hardAnswers } from "./hard-answers.js";
import { imbalance } from "./imbalance.js";
import { knownImages } from "./known-images.js";
import { labelNoise } from "./label-noise.js";
import { labelSmoothing } from "./label-smoothing.js";
import { logitScale } from "./logit-scale.js";
import { nearDuplicates } from "./near-duplicates.js";
import { outOfReach } from "./out-of-reach.js";
import { overfitting } from "./overfitting.js";
import { patience } from "./patience.js";
import { sharedSamples } from "./shared-samples.js";
import { temperature } from "./temperature.js";
import { weakTeacher } from "./weak-teacher.js";
import { wrongAnswers } from "./wrong-answers.js";

/** All rules, in the order in which they speak. */
export const RULES: readonly Rule[] = [
  weakTeacher,
  labelSmoothing,
  calibration,
  wrongAnswers,
  hardAnswers,
  knownImages,
  temperature,
  capacityGap,
  outOfReach,
  logitScale,
  overfitting,
  patience,
  absentClasses,
  imbalance,
  sharedSamples,
  nearDuplicates,
  labelNoise,
];

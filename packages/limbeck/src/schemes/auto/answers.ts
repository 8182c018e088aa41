import type { Choice } from "./choice.js";
import type { Pair } from "./pair.js";

/** From this many times the student's weights on, the teacher is much the stronger. */
const WIDE_GAP = 20;

/** Correlations over fewer samples are noise. */
const FEWEST_SAMPLES = 32;

/** How the teacher's answers are learned. */
export function chooseAnswers({ absent, classes, ratio, batchSize }: Pair): Choice {
  if (absent > 0) {
    return {
      terms: [{ loss: "kd", temperature: 4 }],
      reason: `kd without labels: the transfer set lacks ${absent} of ${classes} classes, and labels would teach that they never occur (Hinton et al. 2015, section 3).`,
    };
  }
  if (classes === 2) {
    return {
      terms: [
        { loss: "kd", temperature: 2 },
        { loss: "cross-entropy", weight: 0.1 },
      ],
      reason: "kd: of two classes, standardized or correlated answers only tell which one is ahead.",
    };
  }
  if (ratio >= WIDE_GAP && batchSize >= FEWEST_SAMPLES) {
    return {
      terms: [{ loss: "dist", temperature: 4, samples: 2, classes: 2 }, { loss: "cross-entropy" }],
      reason: `dist: the teacher has ${Math.round(ratio)} times the student's weights, so that correlating with it is within reach where matching it is not (Huang et al. 2022).`,
    };
  }
  return {
    terms: [{ loss: "logit-standardization" }, { loss: "cross-entropy", weight: 0.1 }],
    reason: `logit-standardization: it leaves the student its own scale of answers (Sun et al. 2024); cross-entropy is there because the loss is blind to that scale.${smallBatch(ratio, batchSize)}`,
  };
}

function smallBatch(ratio: number, batchSize: number): string {
  if (ratio < WIDE_GAP) return "";
  return ` dist, which suits so strong a teacher, wants batches of ${FEWEST_SAMPLES} or more; these have ${batchSize}.`;
}

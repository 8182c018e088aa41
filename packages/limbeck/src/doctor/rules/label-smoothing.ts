import { percent, type Rule } from "../rule.js";

/** Trained on plain labels, one answer of a hundred is surer than this; on smoothed ones, none is. */
const CEILING = 0.9975;
/** How much less sure than right the teacher is. */
const MODESTY = 0.02;
/** The other classes' logits lie in a band this narrow. */
const TAIL = 0.27;

export const labelSmoothing: Rule = {
  name: "label-smoothing",
  when: `Held-out answers have a ceiling (99 of 100 have a top probability below ${CEILING}), are less sure than right by ${100 * MODESTY} points, and the other logits are alike (their deviation is below ${TAIL} of their distance from the largest).`,
  source:
    "Müller et al. 2019, When Does Label Smoothing Help?; Chandrasegaran et al. 2022, Revisiting Label Smoothing and Knowledge Distillation Compatibility",
  advise: ({ classes, teacher: { heldOut, isMixed } }) => {
    const { ceiling, accuracy, confidence, tailSpread, middle } = heldOut;
    const isSmooth = ceiling < CEILING && accuracy - confidence >= MODESTY && (tailSpread ?? 1) < TAIL;
    if (!isSmooth) return undefined;
    const smoothing = ((1 - middle) * classes) / (classes - 1);
    const cause = isMixed
      ? "as after training on mixed images, which its recipe says"
      : `as after training on smoothed labels (by about ${smoothing.toFixed(2)})`;
    return `The teacher never gets quite sure (99 of 100 answers stay below ${percent(ceiling)}) and holds the wrong classes for nearly equally wrong, ${cause}. What it knows of their likeness is partly erased, and high temperatures wash out the rest: use temperature 1 to 2, or train the teacher on plain labels.`;
  },
};

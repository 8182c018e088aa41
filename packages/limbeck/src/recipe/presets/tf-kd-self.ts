import { isMapping, type Preset, type WrittenRecipe } from "./preset.js";

/** For 100 classes: α 0.95, temperature 6; the multiplier of 50 over a mean of 100 classes is a half here. */
const TERMS = [
  { loss: "kd", temperature: 6, weight: 0.475 },
  { loss: "cross-entropy", weight: 0.05 },
];

/** Tf-KD's self-training: the teacher is the student's own network, trained before on the same samples. */
export const tfKdSelf: Preset = {
  name: "tf-kd-self",
  description: "The student learns from a copy of itself that was trained before, on the same samples.",
  sets: "teacher: the student's model, trained as the student is; data.train: as many samples as the transfer set has, where it has a size; distill: kd with temperature 6 and weight 0.475, cross-entropy with weight 0.05",
  use: "Where there is no better teacher, and time for a second training. Leave out `teacher`; `generations: n` goes on from there (with 2, the student learns from a copy that learned from a copy). Weights and temperature are those for 100 classes: with few classes, or labels that are few and clean, try temperatures of 1 to 4 and more of cross-entropy.",
  source:
    "Yuan, Tay, Li, Wang & Feng 2020, Revisiting Knowledge Distillation via Label Smoothing Regularization (CVPR), Tf-KD with self-training; weights as in the authors' configuration for ResNet-18 on CIFAR-100 (α 0.95, multiplier 50 of a mean over classes)",
  recipe: "preset: tf-kd-self",
  expand: (recipe) => {
    const { student, distill = TERMS, data } = recipe;
    const { model, train } = isMapping(student) ? student : {};
    const copy = model === undefined || train === undefined ? {} : { teacher: { model, train } };
    return { ...copy, ...recipe, distill, ...(isMapping(data) ? { data: withoutFurther(data) } : {}) };
  },
};

/** Data of which the copy sees no more than the student. */
function withoutFurther(data: WrittenRecipe): WrittenRecipe {
  const { transfer, validation = 0 } = data;
  const size = isMapping(transfer) ? transfer.size : undefined;
  if (typeof size !== "number" || typeof validation !== "number") return data;
  return { train: size + validation, ...data };
}

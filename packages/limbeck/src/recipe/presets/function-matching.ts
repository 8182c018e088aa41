import { isMixing } from "../../data/mix/index.js";
import { isMapping, type Preset, type WrittenRecipe } from "./preset.js";

/** "A good middle-ground" for ImageNet, says the published configuration. */
const EPOCHS = 1200;

/** Soft targets as they are: no labels, temperature 1. */
const TERMS = [{ loss: "kd", temperature: 1 }];

/** Uniform shares, every image. */
const MIXUP = { name: "mixup", alpha: 1 };

/** Function matching: the student is to be the same function as the teacher, also between the images. */
export const functionMatching: Preset = {
  name: "function-matching",
  description:
    "The student is to be the same function as the teacher: same view, aggressive mixup, no labels, and patience.",
  sets: `distill: kd with temperature 1 and nothing else; student.train.augment: mixup with uniform shares after what stands there; student.train.epochs: ${EPOCHS}`,
  use: "Any teacher, images with or without labels, and time: worse than other recipes at first, it gains for hundreds of epochs. Add crops and flips where they fit the images. Few images want more epochs (the authors' configurations have 1,000 to 1,000,000 for a few thousand), and shorter trainings temperatures of 2 to 10; write `epochs` or `distill` yourself then. recipes/function-matching.yaml, with 900 epochs: 60.3 ± 3.8 errors of 2,000, the baseline 101.7 ± 2.1, the teacher 51; 77.3 ± 5.0 without mixup, 111.3 ± 8.0 after 100 epochs.",
  source:
    "Beyer, Zhai, Royer, Markeeva, Anil & Kolesnikov 2022, Knowledge distillation: A good teacher is patient and consistent (CVPR); epochs, temperature and mixup as in their configuration for ImageNet (big_vision)",
  recipe: "preset: function-matching",
  expand: (recipe) => {
    const distill = recipe.distill ?? TERMS;
    return { ...recipe, distill, ...(isMapping(recipe.student) ? { student: patient(recipe.student) } : {}) };
  },
};

function patient(student: WrittenRecipe): WrittenRecipe {
  const { train = {} } = student;
  if (!isMapping(train)) return student;
  const { augment = [] } = train;
  return { ...student, train: { epochs: EPOCHS, ...train, augment: mixed(augment) } };
}

function mixed(augment: unknown): unknown {
  if (!Array.isArray(augment)) return augment;
  const mixes = augment.some((change) => isMapping(change) && isMixing(String(change.name)));
  return mixes ? augment : [...augment, MIXUP];
}

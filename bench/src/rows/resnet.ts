import { type ResnetProblemOptions, resnetProblem } from "../problems/resnet.js";
import type { Row } from "../row.js";
import { againstPytorch } from "./against-pytorch.js";

const common = { depth: 20, classes: 100, size: 32, batch: 64, batches: 8, seed: 1 };

const row = (name: string, description: string, options: ResnetProblemOptions): Row =>
  againstPytorch("resnet", { name, description, problem: () => resnetProblem(options) });

/** A ResNet-20 student on CIFAR-sized images, given its teacher's logits. */
export const studentResnet20: Row = row(
  "student-resnet20",
  "distillation step (CE + KL, SGD momentum), ResNet-20, 32x32 images, batch 64, teacher logits given",
  common,
);

/** The same with a ResNet-56 teacher that runs in every step. */
export const distillResnet56Resnet20: Row = row(
  "distill-resnet56-resnet20",
  "distillation step with a live teacher, ResNet-56 to ResNet-20, 32x32 images, batch 64",
  { ...common, teacherDepth: 56 },
);

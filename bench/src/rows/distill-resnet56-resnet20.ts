import { measureOurs } from "../ours/measure.js";
import { pytorch } from "../peers/pytorch.js";
import { resnetProblem } from "../problems/resnet.js";
import type { Row } from "../row.js";

const trainer = new URL("../ours/resnet.js", import.meta.url);
// Python is not compiled: the script stays among the sources.
const script = new URL("../../src/peers/resnet.py", import.meta.url);

/** A ResNet-20 student with a ResNet-56 teacher that runs in every step. */
export const distillResnet56Resnet20: Row = {
  name: "distill-resnet56-resnet20",
  description: "distillation step with a live teacher, ResNet-56 to ResNet-20, 32x32 images, batch 64",
  unit: "ms",
  problem: () => resnetProblem({ depth: 20, teacherDepth: 56, classes: 100, size: 32, batch: 64, batches: 8, seed: 1 }),
  ours: (task) => measureOurs(trainer, task),
  peers: [pytorch(script)],
};

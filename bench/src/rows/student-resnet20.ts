import { measureOurs } from "../ours/measure.js";
import { pytorch } from "../peers/pytorch.js";
import { resnetProblem } from "../problems/resnet.js";
import type { Row } from "../row.js";

const trainer = new URL("../ours/resnet.js", import.meta.url);
// Python is not compiled: the script stays among the sources.
const script = new URL("../../src/peers/resnet.py", import.meta.url);

/** A ResNet-20 student on CIFAR-sized images, given its teacher's logits. */
export const studentResnet20: Row = {
  name: "student-resnet20",
  description: "distillation step (CE + KL, SGD momentum), ResNet-20, 32x32 images, batch 64, teacher logits given",
  unit: "ms",
  problem: () => resnetProblem({ depth: 20, classes: 100, size: 32, batch: 64, batches: 8, seed: 1 }),
  ours: (task) => measureOurs(trainer, task),
  peers: [pytorch(script)],
};

import type { Row } from "../row.js";
import { distillEncoder12Encoder6, studentEncoder6 } from "./encoder.js";
import { distillResnet56Resnet20, studentResnet20 } from "./resnet.js";
import { studentMlp } from "./student-mlp.js";

/** All rows, in the order in which they run. */
export const rows: readonly Row[] = [
  studentMlp,
  studentResnet20,
  studentEncoder6,
  distillResnet56Resnet20,
  distillEncoder12Encoder6,
];

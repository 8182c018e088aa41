import type { Row } from "../row.js";
import { distillEncoder12Encoder6 } from "./distill-encoder12-encoder6.js";
import { distillResnet56Resnet20 } from "./distill-resnet56-resnet20.js";
import { studentEncoder6 } from "./student-encoder6.js";
import { studentMlp } from "./student-mlp.js";
import { studentResnet20 } from "./student-resnet20.js";

/** All rows, in the order in which they run. */
export const rows: readonly Row[] = [
  studentMlp,
  studentResnet20,
  studentEncoder6,
  distillResnet56Resnet20,
  distillEncoder12Encoder6,
];

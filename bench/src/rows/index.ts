import type { Row } from "../row.js";
import { studentMlp } from "./student-mlp.js";

/** All rows, in the order in which they run. */
export const rows: readonly Row[] = [studentMlp];

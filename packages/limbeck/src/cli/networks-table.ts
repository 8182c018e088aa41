import type { NetworkFacts } from "../doctor/facts.js";
import { times } from "../doctor/rule.js";
import { formatCount, formatQuantity, formatTable } from "./format.js";

/** Sizes of both networks. */
export function networksTable({ teacher, student }: Readonly<Record<"teacher" | "student", NetworkFacts>>): string {
  return formatTable([
    ["", "teacher", "student", "ratio"],
    ["family", teacher.family, student.family, ""],
    [
      "weights",
      formatCount(teacher.parameters),
      formatCount(student.parameters),
      times(teacher.parameters / student.parameters),
    ],
    [
      "MACs for an image",
      formatQuantity(teacher.macs),
      formatQuantity(student.macs),
      times(teacher.macs / student.macs),
    ],
  ]);
}

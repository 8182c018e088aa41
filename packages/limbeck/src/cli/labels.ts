import { relative } from "node:path";
import type { LabelPlan, LabelsEvent } from "../runs/events.js";
import { formatBytes, formatCount } from "./format.js";

type Stored = Omit<LabelPlan, "type">;

/** What is kept, and what it takes: `2,000 samples × 10 numbers × 4 bytes = 80.0 kB`. */
export function storageText({ samples, classes, dtype, top, draws, bytes }: Stored): string {
  if (draws !== null) {
    return `${formatCount(samples)} samples × ${draws} draws of ${classes} classes, at most ${formatBytes(bytes)}`;
  }
  const width = dtype === "float16" ? 2 : 4;
  const kept = top !== null && top < classes - 1 ? `${top} of ${classes} numbers` : `${classes} numbers`;
  const rest = kept.includes("of") ? " and the weight of the others" : "";
  return `${formatCount(samples)} samples × ${kept} × ${width} bytes${rest} = ${formatBytes(bytes)}`;
}

/** Where the answers are, or why there are none. */
export function labelsText(labels: LabelsEvent): string {
  if (labels.path === null) return `Nothing was labelled. ${labels.reason}`;
  return `answers  ${relative(process.cwd(), labels.path)}\n         ${storageText(labels)}\nLater runs of the recipe take them over.`;
}

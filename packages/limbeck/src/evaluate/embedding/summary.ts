import type { EmbeddingControl, EmbeddingResults, Measure } from "./results.js";

/** What came of a run, in a sentence or two. */
export function summarize({ student, controls, retrieval }: Omit<EmbeddingResults, "summary">): string {
  const cosine = student.cosine && alikeness(student.cosine, controls);
  const found = student.recall10 && neighbors(student.recall10, controls, retrieval.chance10);
  return [cosine, found].filter((sentence) => sentence !== null).join(" ");
}

function alikeness(cosine: Measure, controls: readonly EmbeddingControl[]): string {
  const others = controls.flatMap((control) =>
    control.cosine ? [`${NAMES[control.name]} ${control.cosine.mean.toFixed(3)}`] : [],
  );
  return `The student's embedding has a cosine of ${cosine.mean.toFixed(3)} to the teacher's on average; ${others.join(", ")}.`;
}

function neighbors(recall: Measure, controls: readonly EmbeddingControl[], chance: number): string {
  const others = controls.flatMap((control) =>
    control.recall10 ? [`${NAMES[control.name]} ${percent(control.recall10.mean)}`] : [],
  );
  return `It finds ${percent(recall.mean)} of a sample's ten nearest neighbors by the teacher; ${others.join(", ")}, guessing ${percent(chance)}.`;
}

const NAMES: Readonly<Record<EmbeddingControl["name"], string>> = {
  untrained: "before training",
  linear: "a linear map",
  mean: "the mean",
};

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

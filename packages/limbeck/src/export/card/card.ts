import type { RunResults } from "../../evaluate/results.js";
import type { FinishedRun } from "../finished-run.js";
import type { Variant } from "../variants/variant.js";
import { frontMatter } from "./front-matter.js";
import { dataSection, licenseSection, limitsSection, teacherSection } from "./provenance.js";
import { reproduceSection } from "./reproduce.js";
import { resultsSection } from "./results.js";
import { inline } from "./text.js";
import { targetsSection, useSection } from "./use.js";

/** What a model card is written from. */
export interface Card<Results = RunResults> {
  readonly finished: FinishedRun<Results>;
  /** The student's; undefined where nobody said one. */
  readonly license: string | undefined;
  readonly variants: readonly Variant[];
  /** Bytes by the names of files that are in the folder beside the card. */
  readonly files: Readonly<Record<string, number>>;
}

/** `README.md`: the model card, with what the run knows and what its recipe's `card` says. */
export function modelCard(card: Card): string {
  const { recipe } = card.finished;
  const parts = [
    `# ${inline(recipe.name)}`,
    recipe.description,
    recipe.card?.use ?? "",
    ...[resultsSection, useSection, targetsSection, dataSection, teacherSection, licenseSection, limitsSection].map(
      (section) => section(card),
    ),
    reproduceSection(card),
  ];
  return `${frontMatter(card)}\n${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

import type { LossNeed } from "../../losses/loss.js";
import type { OptionsSchema } from "../../support/options.js";
import type { WrittenRecipe } from "../presets/preset.js";

/** What a scheme needs beside a student and data: a model that knows already, where a term asks for one, or models that learn at the same time. */
export type SchemeNeed = "teacher" | "peers";

/** How models and losses are wired: what a recipe, a list and a page say of it. `schemes/` builds it. */
export interface Scheme<Options = unknown> {
  /** As recipes and `limbeck schemes` call it. */
  readonly name: string;
  /** What it is, in a sentence. */
  readonly description: string;
  /** What is trained, on what, and where no gradient flows. */
  readonly wiring: string;
  /** When to use it, and when not. */
  readonly use: string;
  readonly source: string;
  readonly needs: readonly SchemeNeed[];
  /** What its terms may look at or keep. */
  readonly gives: readonly LossNeed[];
  /** "generated" where students never see a training image. Default: they learn on the transfer set. */
  readonly images?: "generated";
  /** Where they do not: who made the images, rows or windows that they saw, as a report says it without a period. */
  readonly maker?: (samples: string, options: Readonly<Record<string, unknown>>) => string;
  /** The student learns from images alone before it learns from labels by the recipe's terms, which then ask nobody. */
  readonly pretrains?: true;
  /** Whom terms ask, as a verdict names them: "the teacher". */
  readonly mentor: string;
  /** The terms where a recipe names none, as it would write them. Default: kd. */
  readonly terms?: readonly WrittenRecipe[];
  readonly options: OptionsSchema<Options>;
  /** The part of a recipe that uses it. */
  readonly recipe: string;
  /** A recipe of the repository, and what its run has shown. */
  readonly recorded: string;
}

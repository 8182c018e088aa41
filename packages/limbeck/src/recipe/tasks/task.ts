import type { LossNeed } from "../../losses/loss.js";
import type { OptionsSchema } from "../../support/options.js";
import type { Finding } from "../mixing.js";
import type { WrittenRecipe } from "../presets/preset.js";
import type { SchemeChoice } from "../schemes/index.js";

export type Terms = readonly { readonly loss?: unknown }[];

/** Which samples, by their classes. */
export interface Transfer {
  readonly only?: readonly number[] | undefined;
  readonly without?: readonly number[] | undefined;
}

/** What of a recipe has to fit its task. */
export interface Tasked {
  readonly task: { readonly name: string };
  readonly data: { readonly source: unknown; readonly transfer: Transfer };
  readonly scheme: SchemeChoice;
  readonly teacher?: object | undefined;
  readonly answers: { readonly top?: unknown; readonly draws?: unknown };
  readonly assistants: readonly unknown[];
  readonly generations: number;
  readonly student: { readonly model: object };
  readonly baseline: boolean;
  readonly distill: Terms;
  readonly variants: readonly {
    readonly baseline?: boolean | undefined;
    readonly correctBiases: boolean;
    readonly transfer?: Transfer | undefined;
    readonly distill?: Terms | undefined;
  }[];
}

/** What a model answers with, and what it is judged by: what a recipe says of it. `runs/tasks/` judges. */
export interface Task<Options = unknown> {
  /** As recipes call it. */
  readonly name: string;
  /** What models answer with, in a sentence. */
  readonly description: string;
  /** Whether samples have classes. */
  readonly hasClasses: boolean;
  /** What its terms cannot look at. */
  readonly withholds: readonly LossNeed[];
  readonly options: OptionsSchema<Options>;
  /** Adds what a recipe leaves out. Expanding again changes nothing: run folders keep the expanded recipe. */
  expand(recipe: WrittenRecipe): WrittenRecipe;
  /** What of a recipe has no meaning here. */
  unfit(recipe: Tasked): Finding[];
}

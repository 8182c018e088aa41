/** A recipe as it was written, before it is validated. */
export type WrittenRecipe = Readonly<Record<string, unknown>>;

/** Settings that belong together, by one name. What a recipe says itself stays as it is. */
export interface Preset {
  readonly name: string;
  /** What it is, in a sentence. */
  readonly description: string;
  /** What it sets, in words. */
  readonly sets: string;
  /** When to use it, and when not. */
  readonly use: string;
  readonly source: string;
  /** What a recipe has to say beside data, teacher and model. */
  readonly recipe: string;
  /** Adds what the recipe leaves out. Expanding again changes nothing: run folders keep the expanded recipe. */
  expand(recipe: WrittenRecipe): WrittenRecipe;
}

/** Whether a value that was written is a mapping. */
export function isMapping(value: unknown): value is WrittenRecipe {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

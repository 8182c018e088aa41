import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { Candidate, SearchLimits, SearchResults } from "../../evaluate/search-results.js";
import { readRecipe } from "../../recipe/parse.js";
import type { Recipe } from "../../recipe/schema.js";
import { recipeText } from "../../recipe/text.js";
import { LimbeckError } from "../../support/errors.js";
import { makeFolder, writeFileAtomic } from "../../support/files.js";
import { sha256 } from "../../support/hash.js";
import { readJson } from "../../support/json.js";
import { requireFree, requireUnchanged } from "../folder.js";
import type { Commits } from "../pinned-data.js";
import { limbeckVersion } from "../versions.js";

const FILE = "search.json";

const searchFileSchema = z.looseObject({
  limbeck: z.string(),
  recipeSha256: z.string(),
  /** Of the hub's data that the search began with, by the addresses in the recipe. */
  commits: z.record(z.string(), z.string()).optional(),
  threads: z.int().positive(),
  limits: z.strictObject({
    maxBytes: z.number().positive().optional(),
    maxLatencyMs: z.number().positive().optional(),
    minRetention: z.number().positive().optional(),
  }),
  /** As they were measured when the search began: what is decided by them must not change when it goes on. */
  candidates: z
    .array(
      z.strictObject({
        name: z.string(),
        model: z.looseObject({ family: z.string() }),
        parameters: z.number(),
        macs: z.number(),
        bytes: z.number(),
        latencyMs: z.number(),
        excluded: z.enum(["too large", "too slow"]).nullable(),
      }),
    )
    .optional(),
});

/** `search.json`: what a search is, and what it found. */
export interface SearchFile {
  readonly limbeck: string;
  readonly recipeSha256: string;
  readonly commits?: Commits | undefined;
  readonly threads: number;
  readonly limits: SearchLimits;
  readonly candidates?: readonly Candidate[] | undefined;
  readonly results?: SearchResults;
}

/** The folder of one search: its recipe, `search.json`, and a run folder for each training. */
export class SearchFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** @throws LimbeckError FILE_EXISTS when the folder is there and not empty, FILE_UNWRITABLE, DISK_FULL */
  static create(path: string, recipe: Recipe, settings: { threads: number; limits: SearchLimits }): SearchFolder {
    const folder = new SearchFolder(path);
    requireFree(folder.path);
    makeFolder(folder.path);
    const text = recipeText(recipe);
    writeFileAtomic(folder.file("recipe.yaml"), text);
    folder.write({ ...settings, limbeck: limbeckVersion(), recipeSha256: sha256(text) });
    return folder;
  }

  /** @throws LimbeckError RUN_INVALID when this is no search folder, its recipe was changed, or another version began it */
  static open(path: string): SearchFolder {
    const folder = new SearchFolder(path);
    const { limbeck, recipeSha256 } = folder.read();
    requireUnchanged("search", folder, { limbeck, recipes: [recipeSha256] });
    return folder;
  }

  static isThere(path: string): boolean {
    return existsSync(join(path, FILE));
  }

  file(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }

  recipe(): Recipe {
    return readRecipe(this.file("recipe.yaml"));
  }

  read(): SearchFile {
    const parsed = searchFileSchema.safeParse(readJson(this.file(FILE)));
    if (parsed.success) return parsed.data as unknown as SearchFile;
    throw new LimbeckError("RUN_INVALID", `${this.file(FILE)} is not what it should be`, {
      where: this.file(FILE),
      fix: "Begin a new search.",
    });
  }

  write(file: SearchFile): void {
    writeFileAtomic(this.file(FILE), `${JSON.stringify(file, null, 2)}\n`);
  }

  update(change: Partial<SearchFile>): void {
    this.write({ ...this.read(), ...change });
  }
}

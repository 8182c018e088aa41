import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface ShelfOptions {
  readonly json: boolean;
  readonly help: boolean;
  /** Folder of the runs. */
  readonly out: string;
  /** Folder of the recipes. */
  readonly recipes: string;
  /** Recipes to run; all where there is none. */
  readonly only: readonly string[];
}

/** The command line is wrong; the message says how. */
export class ShelfUsageError extends Error {}

export const SHELF_HELP = `Runs all recipes of a folder that share a teacher, and compares them: those of recipes/fashion-mnist in docs/shelf.md.

Usage: npm run shelf -- [options]

  --only NAME       run one recipe, may be repeated; leaves docs/shelf.md as it is
  --recipes FOLDER  other recipes, laid over the kd.yaml among them; leaves docs/shelf.md as it is
  --out FOLDER      folder of the runs (default: runs/shelf); what is done there is not done again
  --json            print the figures as one JSON document on standard output; progress goes to standard error
  -h, --help        print this

Ctrl-C stops between two steps; the same command goes on.
`;

export const OUR_RECIPES = "recipes/fashion-mnist";

/** @throws ShelfUsageError where a recipe is asked for that is not there */
export function chooseRecipes(only: readonly string[], names: readonly string[]): readonly string[] {
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new ShelfUsageError(`no recipe is named ${unknown}; there are ${names.join(", ")}`);
  return only.length > 0 ? names.filter((name) => only.includes(name)) : names;
}

/** @throws ShelfUsageError */
export function parseShelfOptions(args: readonly string[]): ShelfOptions {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
        out: { type: "string", default: "runs/shelf" },
        recipes: { type: "string", default: OUR_RECIPES },
        only: { type: "string", multiple: true, default: [] },
      },
    }).values;
  } catch (error) {
    throw new ShelfUsageError(`${error instanceof Error ? error.message : String(error)}\nSee --help.`);
  }
}

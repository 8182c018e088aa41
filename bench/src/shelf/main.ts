import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseRecipes, OUR_RECIPES, parseShelfOptions, SHELF_HELP, ShelfUsageError } from "./options.js";
import { replaceSection, shelfSection } from "./page.js";
import { type FailedRecipe, gatherShelf, type RunRecord, type Shelf } from "./result.js";
import { runRecipe, Stopped } from "./run-recipe.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const page = join(root, "docs/shelf.md");
/** The recipe that the others are laid over. */
const BASE = "kd";

/** Names of the recipes in a folder, the base first. */
function recipesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => basename(name, ".yaml"))
    .sort((a, b) => Number(b === BASE) - Number(a === BASE) || a.localeCompare(b));
}

/**
 * Runs that train what all recipes share, so that these take it over: first the teacher alone, then the baselines alone,
 * because peak memory is that of a process.
 */
function prepare(recipes: string, folder: string): [name: string, recipe: string][] {
  mkdirSync(folder, { recursive: true });
  const common = `extends: ${JSON.stringify(join(recipes, `${BASE}.yaml`))}\nbaseline: false\n`;
  const alone = { teacher: "seeds: 1\nstudent: { train: { epochs: 1, warmupEpochs: 0 } }", baseline: "" };
  return Object.entries(alone).map(([name, changes]) => {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, `${common}name: ${name}\ndistill: [{ loss: cross-entropy }]\n${changes}\n`);
    return [name, path];
  });
}

async function runAll(recipes: string, folder: string, wanted: readonly string[]): Promise<Shelf> {
  for (const [name, recipe] of prepare(recipes, folder)) await runRecipe(recipe, join(folder, name));
  const runs: { name: string; record: RunRecord }[] = [];
  const failed: FailedRecipe[] = [];
  for (const [i, name] of wanted.entries()) {
    log(`${i + 1} of ${wanted.length}: ${name}`);
    try {
      runs.push({ name, record: await runRecipe(join(recipes, `${name}.yaml`), join(folder, name)) });
    } catch (error) {
      if (error instanceof Stopped || !(error instanceof Error)) throw error;
      failed.push({ name, reason: error.message });
      log(`${name} failed: ${error.message}`);
    }
  }
  return gatherShelf(runs, failed);
}

async function main(args: readonly string[]): Promise<number> {
  const { help, json, out, recipes, only } = parseShelfOptions(args);
  if (help) {
    process.stdout.write(SHELF_HELP);
    return 0;
  }
  const folder = resolve(root, recipes);
  const shelf = await runAll(folder, resolve(root, out), chooseRecipes(only, recipesIn(folder)));
  const section = shelfSection(shelf);
  process.stdout.write(`${json ? JSON.stringify(shelf, null, 2) : section}\n`);
  if (only.length === 0 && recipes === OUR_RECIPES) {
    writeFileSync(page, replaceSection(readFileSync(page, "utf8"), section));
  }
  return shelf.failed.length > 0 ? 1 : 0;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  log(error instanceof Stopped ? "Stopped. The same command goes on." : String((error as Error).message ?? error));
  process.exitCode = error instanceof Stopped ? 130 : error instanceof ShelfUsageError ? 2 : 1;
}

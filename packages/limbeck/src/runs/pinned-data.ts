import { isOffline } from "../data/locate.js";
import { isAddress } from "../imported/address.js";
import { atCommit, hubDataCommit } from "../imported/hub-dataset.js";
import type { Recipe } from "../recipe/schema.js";
import { tablesOf } from "../recipe/source.js";
import { cacheFolder } from "../support/cache-folder.js";

/** Commits of the hub's repositories, by the addresses in a recipe. */
export type Commits = Readonly<Record<string, string>>;

/** The recipe with data of the hub at the commits that are known. */
export function dataAtCommits<Part extends Pick<Recipe, "data">>(recipe: Part, commits: Commits = {}): Part {
  return mapData(recipe, (named) => (Object.hasOwn(commits, named) ? atCommit(named, commits[named]!) : named));
}

/**
 * Which commit each address of a recipe's data means: what is known, or what the hub says now.
 * @throws LimbeckError DOWNLOAD_FAILED, RECIPE_INVALID; the signal's reason
 */
export async function commitsOfData(
  recipe: Pick<Recipe, "data">,
  known: Commits = {},
  signal: AbortSignal,
): Promise<Commits> {
  const named = new Set<string>();
  mapData(recipe, (address) => {
    named.add(address);
    return address;
  });
  const options = { cache: cacheFolder(), signal, isOffline: isOffline(process.env) };
  const found: Record<string, string> = {};
  for (const address of named) found[address] = known[address] ?? (await hubDataCommit(address, options));
  return found;
}

/** Changes the addresses by which a recipe names data. */
function mapData<Part extends Pick<Recipe, "data">>(recipe: Part, change: (address: string) => string): Part {
  const { source } = recipe.data;
  const changes = tablesOf(source).flatMap(([key, names]) =>
    names.some(isAddress) ? [[key, names.map((name) => (isAddress(name) ? change(name) : name))]] : [],
  );
  if (changes.length === 0) return recipe;
  return { ...recipe, data: { ...recipe.data, source: Object.assign({}, source, Object.fromEntries(changes)) } };
}

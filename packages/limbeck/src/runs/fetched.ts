import { isOffline } from "../data/locate.js";
import { isAddress } from "../imported/address.js";
import { fetchModel } from "../imported/fetch-model.js";
import { filesOf, mapFiles } from "../recipe/files.js";
import type { Recipe } from "../recipe/schema.js";
import { cacheFolder } from "../support/cache-folder.js";
import { Rate, Timer } from "../support/timer.js";
import type { RunEvent } from "./events.js";
import type { RunFolder } from "./folder.js";
import { type Commits, commitsOfData, dataAtCommits } from "./pinned-data.js";

/** The phase in which files come from elsewhere. */
export const DOWNLOAD = "download";

const PROGRESS_MS = 200;

/** Whether a recipe names files by address. */
export function namesAddresses(recipe: Recipe): boolean {
  return filesOf(recipe).some(({ kind, file }) => kind === "network" && isAddress(file));
}

/**
 * Has all networks that a recipe names by address on this machine, and finds the commits of its data; a repository's files are those of the
 * commit that the run began with.
 * @returns the recipe with the networks' paths, and data by commit
 * @throws LimbeckError DOWNLOAD_FAILED, HASH_MISMATCH, FILE_MISSING, FILE_UNREADABLE, FILE_UNWRITABLE, DISK_FULL
 */
export async function* fetchFiles(
  folder: RunFolder,
  recipe: Recipe,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, Recipe> {
  const shows = namesAddresses(recipe);
  const start = performance.now();
  if (shows) yield { type: "phase-start", phase: DOWNLOAD };
  const paths = new Map<string, string>();
  for (const { kind, file, sha256 } of filesOf(recipe)) {
    if (kind !== "network") continue;
    const { commits } = folder.readRun();
    const options = {
      cache: cacheFolder(),
      signal,
      sha256,
      commit: commits?.[file],
      isOffline: isOffline(process.env),
    };
    const found = yield* shown(fetchModel(file, options));
    paths.set(file, found.path);
    if (found.commit) folder.updateRun({ commits: { ...commits, [file]: found.commit } });
  }
  const seconds = (performance.now() - start) / 1000;
  if (shows) yield { type: "phase-end", phase: DOWNLOAD, seconds, reused: false };
  const commits = await pinData(folder, recipe, signal);
  const here = mapFiles(recipe, ({ kind, file }) => (kind === "network" ? paths.get(file)! : file));
  return dataAtCommits(here, commits);
}

/** What a run reads once, it reads at the same commit when it goes on. Whoever reads one that is over changes nothing in it. */
async function pinData(folder: RunFolder, recipe: Recipe, signal: AbortSignal): Promise<Commits> {
  const { commits: known, status } = folder.readRun();
  const commits = await commitsOfData(recipe, known, signal);
  if (status !== "done" && Object.keys(commits).some((address) => known?.[address] === undefined)) {
    folder.updateRun({ commits: { ...known, ...commits } });
  }
  return commits;
}

/** Bytes as progress of a phase, a few times a second. */
async function* shown(fetching: ReturnType<typeof fetchModel>) {
  const due = new Timer(PROGRESS_MS);
  let [address, rate] = ["", new Rate()];
  for (;;) {
    const next = await fetching.next();
    if (next.done) return next.value;
    const { received, total } = next.value;
    if (next.value.address !== address) [address, rate] = [next.value.address, new Rate(received)];
    if (!due.rings() && received !== total) continue;
    const totalSteps = total ?? received;
    const event: RunEvent = {
      type: "progress",
      phase: DOWNLOAD,
      step: received,
      totalSteps,
      loss: null,
      stepsPerSecond: rate.at(received),
      unit: "bytes",
    };
    yield event;
  }
}

/** A recipe's terms as they were settled, with files and data as they were named. */
export function withNamesOf(settled: Recipe, named: Recipe): Recipe {
  const files = new Map(filesOf(named).map(({ path, file }) => [path.join("/"), file]));
  const { source } = named.data;
  const recipe = { ...settled, data: { ...settled.data, source } };
  return mapFiles(recipe, ({ path }) => files.get(path.join("/"))!);
}

/** The recipe of a run that has everything on this machine, or fetches it without showing that. */
export async function fetchedRecipe(folder: RunFolder, signal: AbortSignal): Promise<Recipe> {
  const fetching = fetchFiles(folder, folder.recipe(), signal);
  for (;;) {
    const next = await fetching.next();
    if (next.done) return next.value;
  }
}

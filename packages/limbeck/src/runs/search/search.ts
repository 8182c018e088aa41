import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { RunResults } from "../../evaluate/results.js";
import type { Candidate, Racer, Round, SearchLimits } from "../../evaluate/search-results.js";
import type { Recipe } from "../../recipe/schema.js";
import { renderSearch } from "../../report/search.js";
import { LimbeckError } from "../../support/errors.js";
import { writeFileAtomic } from "../../support/files.js";
import { Interrupted } from "../../train/events.js";
import { isDataFree } from "../arms.js";
import { classResults, requireClasses } from "../classes-only.js";
import { defaultRunDir, distill, resume } from "../distill.js";
import type { RunEvent } from "../events.js";
import { RunFolder } from "../folder.js";
import { acquireLock } from "../lock.js";
import { phasesOf } from "../phases.js";
import { commitsOfData, dataAtCommits } from "../pinned-data.js";
import { loadSamples, type RunSamples } from "../samples.js";
import { limbeckVersion } from "../versions.js";
import { measureCandidates } from "./candidates.js";
import { conclude, type FinalRun, type Finals } from "./conclude.js";
import type { SearchEvent } from "./events.js";
import { SearchFolder } from "./folder.js";
import { byMerit } from "./pareto.js";
import { finalRecipe, type RoundPlan, roundRecipe, splitForSearch } from "./recipes.js";

export interface SearchOptions {
  /** Folder of the search; must be new or empty. Default: `runs/<name>-search-<date>-<time>`. */
  readonly searchDir?: string;
  readonly limits?: SearchLimits;
  /** Threads of one operator. Default: all that are available. */
  readonly threads?: number;
  /** Stops between two steps; the search can be resumed. */
  readonly signal?: AbortSignal;
}

/**
 * Looks for the best student under a budget. Students that are too large or too slow are left out before anything is trained.
 * The others go through rounds of successive halving (Jamieson & Talwalkar 2016): all are trained for a part of the epochs, the
 * better half for twice as long, and so on, judged by training samples that are set aside. The finalists are trained as the recipe
 * says, on all data and with all seeds, and tested.
 * @throws LimbeckError SEARCH_EMPTY, RECIPE_INVALID, and all that `distill` throws; finished trainings are kept
 */
export async function* search(recipe: Recipe, options: SearchOptions = {}): AsyncGenerator<SearchEvent> {
  const { limits = {}, threads = availableParallelism() } = options;
  requireClasses(recipe, "a search");
  requireTeacher(recipe, limits);
  requireImages(recipe);
  const path = options.searchDir ?? defaultRunDir(`${recipe.name}-search`);
  yield* work(SearchFolder.create(path, recipe, { threads, limits }), options.signal);
}

/**
 * Goes on with a search that was stopped or killed.
 * @throws LimbeckError RUN_INVALID, RUN_BUSY, and all that {@link search} throws
 */
export async function* resumeSearch(
  searchDir: string,
  { signal }: Pick<SearchOptions, "signal"> = {},
): AsyncGenerator<SearchEvent> {
  yield* work(SearchFolder.open(searchDir), signal);
}

/** Rounds set training images aside, of which data-free students have none. */
function requireImages(recipe: Recipe): void {
  if (!isDataFree(recipe)) return;
  throw new LimbeckError(
    "RECIPE_INVALID",
    "a search compares students on training images, which this scheme has none of",
    {
      where: "scheme",
      value: recipe.scheme.name,
      fix: "Run the recipe with one student after another.",
    },
  );
}

function requireTeacher({ teacher }: Recipe, { minRetention }: SearchLimits): void {
  if (minRetention === undefined || teacher) return;
  throw new LimbeckError("RECIPE_INVALID", "what a student keeps of its teacher cannot be told without a teacher", {
    where: "--min-retention",
    value: minRetention,
    fix: "Add a teacher section to the recipe, or leave the option out.",
  });
}

interface Context {
  readonly folder: SearchFolder;
  readonly recipe: Recipe;
  readonly limits: SearchLimits;
  readonly threads: number;
  readonly signal: AbortSignal;
}

async function* work(folder: SearchFolder, signal = new AbortController().signal): AsyncGenerator<SearchEvent> {
  const unlock = await acquireLock(folder.file(".lock"));
  try {
    yield* race(folder, signal);
    yield { type: "run-end", status: "done", runDir: folder.path };
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    yield { type: "run-end", status: "interrupted", runDir: folder.path };
  } finally {
    unlock();
  }
}

async function* race(folder: SearchFolder, signal: AbortSignal): AsyncGenerator<SearchEvent> {
  const named = folder.recipe();
  const { limits, threads, commits: known } = folder.read();
  const commits = await commitsOfData(named, known, signal);
  if (Object.keys(commits).length > 0) folder.update({ commits });
  const recipe = dataAtCommits(named, commits);
  const context = { folder, recipe, limits, threads, signal };
  const samples = await loadSamples(recipe, signal);
  const candidates = folder.read().candidates ?? (await measureCandidates(recipe, samples, limits, signal));
  folder.update({ candidates });
  yield { type: "search-start", searchDir: folder.path, name: recipe.name, candidates };
  const racers = yield* halve(context, candidates, samples);
  const finals = yield* runFinals(context, racers);
  const results = conclude(racers, finals, limits);
  folder.update({ results });
  const page = { name: recipe.name, description: recipe.description, limbeck: limbeckVersion(), results };
  writeFileAtomic(folder.file("search.html"), renderSearch(page));
  yield { type: "search-results", results };
}

/** Rounds of trainings, each with the better half of the one before. @returns all candidates, with the rounds that they took part in */
async function* halve(
  context: Context,
  candidates: readonly Candidate[],
  { train }: RunSamples,
): AsyncGenerator<SearchEvent, Racer[]> {
  const { recipe, limits, signal } = context;
  const { rungs: rounds } = recipe.search;
  const split = await splitForSearch(recipe, train.indices.length, signal);
  let racers: Racer[] = candidates.map((candidate) => ({ ...candidate, rounds: [] }));
  for (let round = 1; round <= rounds; round++) {
    const inRace = racers.filter(({ excluded, rounds }) => !excluded && rounds.length === round - 1);
    const count = Math.max(recipe.search.finalists, Math.ceil(inRace.length / 2));
    const kept = round === 1 ? inRace : best(inRace, count, limits);
    const plan: RoundPlan = { round, rounds, ...split };
    const recipes = kept.map((racer) => roundRecipe(recipe, racer, plan));
    yield roundStart(`round ${round} of ${rounds}`, recipes);
    for (const own of recipes) {
      const results = yield* runIn(context, own, `round-${round}`);
      const judged = judgedBy(results, own.student.train.epochs);
      racers = racers.map((racer) =>
        racer.name === own.name ? { ...racer, rounds: [...racer.rounds, judged] } : racer,
      );
    }
  }
  return racers;
}

function judgedBy({ student, teacher }: RunResults, epochs: number): Round {
  const accuracy = student.accuracy.mean;
  return { epochs, accuracy, retention: teacher ? accuracy / teacher.accuracy.mean : null };
}

/** Those that are worth most. More quality than is asked for counts for nothing. */
function best(racers: readonly Racer[], count: number, { minRetention }: SearchLimits): Racer[] {
  const merits = racers.map((racer) => {
    const { accuracy, retention } = racer.rounds.at(-1)!;
    const quality = minRetention === undefined ? accuracy : Math.min(retention!, minRetention);
    return { racer, quality, bytes: racer.bytes, latencyMs: racer.latencyMs };
  });
  return byMerit(merits)
    .slice(0, count)
    .map(({ racer }) => racer);
}

/** Trains the finalists as the recipe says. @returns their results, by name */
async function* runFinals(context: Context, racers: readonly Racer[]): AsyncGenerator<SearchEvent, Finals> {
  const { recipe, limits } = context;
  const { rungs, finalists } = recipe.search;
  const last = racers.filter(({ rounds }) => rounds.length === rungs);
  const finals = best(last, finalists, limits).map((racer) => finalRecipe(recipe, racer));
  yield roundStart("finals", finals);
  const found = new Map<string, FinalRun>();
  for (const own of finals) {
    const results = yield* runIn(context, own, "finals");
    found.set(own.name, { run: join("finals", own.name), results });
  }
  return found;
}

function roundStart(title: string, recipes: readonly Recipe[]): SearchEvent {
  return {
    type: "search-round",
    title,
    epochs: recipes[0]!.student.train.epochs,
    students: recipes.map(({ name }) => name),
    phases: recipes.flatMap((recipe) =>
      phasesOf(recipe, "report").map(({ id, label }) => ({
        id: join(recipe.name, id),
        label: `${recipe.name}: ${label}`,
      })),
    ),
  };
}

/** Runs a training of the search, or what is left of it. */
async function* runIn(
  { folder, threads, signal }: Context,
  recipe: Recipe,
  place: string,
): AsyncGenerator<SearchEvent, RunResults> {
  const path = folder.file(place, recipe.name);
  const known = existsSync(join(path, "run.json")) ? RunFolder.open(path) : undefined;
  const run = known?.readRun();
  if (run?.status === "done" && run.results) return classResults(run.results);
  const events = known ? resume(path, { signal }) : distill(recipe, { runDir: path, threads, signal });
  let results: RunResults | undefined;
  for await (const event of events) {
    if (event.type === "results") results = classResults(event.results);
    if (event.type === "run-end" && event.status === "interrupted") throw new Interrupted("the search was stopped");
    const told = toldOf(event, recipe);
    if (told) yield told;
  }
  return results!;
}

/** What of a training's events concerns the search: its phases, but not what was only taken over. */
function toldOf(event: RunEvent, { name }: Recipe): SearchEvent | undefined {
  if (!("phase" in event)) return undefined;
  if (event.type === "phase-end" && event.reused) return undefined;
  return { ...event, phase: join(name, event.phase) };
}

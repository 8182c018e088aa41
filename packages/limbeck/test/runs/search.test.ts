import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  parseRecipe,
  readRecipe,
  resumeSearch,
  type SearchEvent,
  type SearchOptions,
  type SearchResults,
  search,
} from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../src/support/safetensors.js";
import { limbeck, smallRecipe, temporaryFolder, writeImages } from "./harness.js";

const students = [[2], [4], [16], [400]].map((hidden) => ({ family: "mlp", hidden }));

function prepare(changes: object = {}): { recipe: string; searchDir: string } {
  const folder = temporaryFolder();
  const recipe = join(folder, "recipe.yaml");
  const images = writeImages(folder, 400);
  const options = { students, rungs: 2, finalists: 1 };
  writeFileSync(recipe, smallRecipe(images, { seeds: 1, baseline: false, search: options, ...changes }));
  return { recipe, searchDir: join(folder, "search") };
}

async function finish(events: AsyncGenerator<SearchEvent>): Promise<SearchEvent[]> {
  const all: SearchEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const start = (given: ReturnType<typeof prepare>, options: SearchOptions = {}) =>
  search(readRecipe(given.recipe), { searchDir: given.searchDir, threads: 1, ...options });

const resultsOf = (searchDir: string): SearchResults =>
  JSON.parse(readFileSync(join(searchDir, "search.json"), "utf8")).results;

const studentOf = ({ students }: SearchResults, name: string) => students.find((student) => student.name === name)!;

describe("a search", () => {
  const given = prepare();
  let events: SearchEvent[];
  let results: SearchResults;
  beforeAll(async () => {
    events = await finish(start(given, { limits: { maxBytes: 20_000 } }));
    results = resultsOf(given.searchDir);
  }, 300_000);

  it("leaves out what is too large before anything is trained", () => {
    expect(studentOf(results, "mlp-400")).toMatchObject({ excluded: "too large", rounds: [], final: null });
    expect(existsSync(join(given.searchDir, "round-1/mlp-400"))).toBe(false);
  });

  it("trains all others for half of the epochs, the better half for all, and tests the finalist", () => {
    const rounds = events.flatMap((event) => (event.type === "search-round" ? [event] : []));
    expect(rounds.map(({ title, epochs, students }) => [title, epochs, students.length])).toEqual([
      ["round 1 of 2", 15, 3],
      ["round 2 of 2", 30, 2],
      ["finals", 30, 1],
    ]);
    const trained = results.students.map((student) => student.rounds.map(({ epochs }) => epochs).join());
    expect(trained.sort()).toEqual(["", "15", "15,30", "15,30"]);
    const finalists = results.students.filter(({ final }) => final);
    expect(finalists.map(({ name }) => name)).toEqual([results.chosen]);
    expect(finalists[0]!.final).toMatchObject({ isFront: true, run: join("finals", results.chosen!) });
    expect(existsSync(join(given.searchDir, finalists[0]!.final!.run, "student.onnx"))).toBe(true);
  });

  it("judges rounds by training samples, and only finals by the test part", () => {
    const dataOf = (run: string) => JSON.parse(readFileSync(join(given.searchDir, run, "run.json"), "utf8"));
    const round = dataOf("round-2/mlp-16");
    const final = dataOf(`finals/${results.chosen}`);
    expect(round.results.student.testSize).toBe(64);
    expect(final.results.student.testSize).toBe(80);
    expect(round.dataSha256).not.toBe(final.dataSha256);
  });

  it("trains the teacher once for all rounds, and once for the finals", () => {
    const teachers = events.filter((event) => event.type === "phase-end" && event.phase.endsWith("/teacher"));
    expect(teachers).toHaveLength(2);
  });

  it("writes a page that has every student", () => {
    const page = readFileSync(join(given.searchDir, "search.html"), "utf8");
    for (const { name } of results.students) expect(page).toContain(name);
    expect(page).toContain(results.sentence.split("'")[0]);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("a search that is killed", () => {
  it("goes on where it was, and ends with the same models", async () => {
    // All are finalists: which half is better depends on times, and those on the machine.
    const changes = { search: { students: students.slice(0, 2), rungs: 2, finalists: 2 } };
    const [whole, killed] = [prepare(changes), prepare(changes)];
    writeFileSync(killed.recipe, readFileSync(whole.recipe));
    await finish(start(whole));
    const run = limbeck(["search", killed.recipe, "--out", killed.searchDir, "--threads", "1"], (child) => {
      const timer = setInterval(() => {
        if (!existsSync(join(killed.searchDir, "round-2"))) return;
        clearInterval(timer);
        process.kill(-child.pid!, "SIGKILL");
      }, 20);
    });
    expect((await run).code).toBeNull();
    await finish(resumeSearch(killed.searchDir));
    const [a, b] = [resultsOf(whole.searchDir), resultsOf(killed.searchDir)];
    expect(b.chosen).toBe(a.chosen);
    expect(b.students.map(({ rounds }) => rounds)).toEqual(a.students.map(({ rounds }) => rounds));
    for (const { name } of a.students) {
      const [kept, again] = [whole, killed].map(({ searchDir }) => {
        return readSafetensors(join(searchDir, "finals", name, "checkpoints/student/seed-2.safetensors")).tensors;
      });
      expect(again).toEqual(kept);
    }
  }, 300_000);
});

describe("what a search cannot do", () => {
  it.each([
    [{ maxBytes: 100 }, {}, { code: "SEARCH_EMPTY", message: expect.stringContaining("mlp-2") }],
    [{ minRetention: 0.9 }, { teacher: undefined, distill: [{ loss: "ps-kd" }] }, { code: "RECIPE_INVALID" }],
  ])("is told: %o", async (limits, changes, error) => {
    await expect(finish(start(prepare(changes), { limits }))).rejects.toMatchObject(error);
  });

  it("is to set images aside of a scheme that sees none", async () => {
    const model = "model: { family: lenet }, train: { epochs: 1 }";
    const recipe = parseRecipe(
      `name: t\ndata: { source: digits, test: 9 }\nscheme: dfad\nteacher: { ${model} }\nstudent: { ${model} }`,
      "t.yaml",
    );
    const events = search(recipe, { searchDir: join(temporaryFolder(), "search") });
    await expect(finish(events)).rejects.toMatchObject({ code: "RECIPE_INVALID", where: "scheme", value: "dfad" });
  });

  it("tells of limits that are no quantities", async () => {
    const { recipe } = prepare();
    for (const [option, value] of [
      ["--max-size", "small"],
      ["--max-latency", "-1ms"],
      ["--min-retention", "120%"],
    ]) {
      const { code, stderr } = await limbeck(["search", recipe, option!, value!]);
      expect(code).toBe(2);
      expect(stderr).toContain(option);
    }
  });
});

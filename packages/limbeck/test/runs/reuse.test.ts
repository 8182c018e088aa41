import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { distill, parseRecipe, type Recipe, type RunEvent } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { FinishedWork } from "../../src/runs/finished-work.js";
import { sha256 } from "../../src/support/hash.js";
import { FINAL_FILES, fingerprint, limbeck, smallRecipe, temporaryFolder, writeImages } from "./harness.js";

const folder = temporaryFolder();
const images = writeImages(folder, 400);
const OTHER_LOSS = { distill: [{ loss: "logit-mse" }] };
const small = (changes: object = {}): Recipe => parseRecipe(smallRecipe(images, changes), join(folder, "r.yaml"));
const dir = (name: string) => join(folder, name);

type End = RunEvent & { type: "phase-end" };

/** Runs a recipe; returns how each phase ended. */
async function run(recipe: Recipe, runDir: string, options: { reuse?: boolean } = {}): Promise<Map<string, End>> {
  const ends = new Map<string, End>();
  for await (const event of distill(recipe, { runDir, ...options })) {
    if (event.type === "phase-end") ends.set(event.phase, event);
  }
  return ends;
}

const reusedIn = (ends: Map<string, End>) => [...ends.values()].filter(({ from }) => from).map(({ phase }) => phase);
const recordOf = (name: string) => JSON.parse(readFileSync(join(dir(name), "run.json"), "utf8"));

const SHARED = ["teacher", "label", "baseline/seed-2", "baseline/seed-3"];

describe("a run after another that differs in its losses", () => {
  let first: Map<string, End>;
  let second: Map<string, End>;
  beforeAll(async () => {
    first = await run(small(), dir("first"));
    second = await run(small(OTHER_LOSS), dir("second"));
  });

  it("takes over the teacher, its answers and the baselines, with the time that they took", () => {
    expect(reusedIn(first)).toEqual([]);
    expect(reusedIn(second)).toEqual(SHARED);
    for (const phase of SHARED) {
      const { seconds, reused, from } = second.get(phase)!;
      expect(reused).toBe(true);
      expect(seconds).toBe(first.get(phase)!.seconds);
      expect(from).toMatchObject({ run: dir("first"), phase, seconds });
      expect(from!.peakMemoryBytes).toBeGreaterThan(1e6);
    }
  });

  it("says so in run.json and in the report", () => {
    const { seconds, reused } = recordOf("second");
    expect(Object.keys(reused)).toEqual(SHARED);
    expect(seconds.teacher).toBe(first.get("teacher")!.seconds);
    expect(readFileSync(join(dir("second"), "report.html"), "utf8")).toMatch(
      /were taken over: teacher \([^)]*, first\)/,
    );
    expect(readFileSync(join(dir("first"), "report.html"), "utf8")).not.toContain("were taken over");
  });

  it("has the learning curves of what it took over", () => {
    const curve = (name: string) =>
      readFileSync(join(dir(name), "metrics.jsonl"), "utf8")
        .split("\n")
        .filter((line) => line.includes('"epoch","phase":"baseline/seed-3"'))
        .map((line) => ({ ...JSON.parse(line), time: "" }));
    expect(curve("second")).toHaveLength(30);
    expect(curve("second")).toEqual(curve("first"));
  });

  it("ends with the same bits as a run that trains everything itself", async () => {
    const ends = await run(small(OTHER_LOSS), dir("anew"), { reuse: false });
    expect(reusedIn(ends)).toEqual([]);
    expect(fingerprint(dir("anew"), FINAL_FILES)).toEqual(fingerprint(dir("second"), FINAL_FILES));
  });

  it("trains anew whatever depends on a change", async () => {
    const student = { model: { family: "mlp", hidden: [8] }, train: { epochs: 3, batchSize: 16 } };
    expect(reusedIn(await run(small({ student }), dir("shorter")))).toEqual(["teacher", "label"]);
    const transfer = { source: { train: images }, test: 80, transfer: { size: 65 } };
    expect(reusedIn(await run(small({ data: transfer }), dir("larger")))).toEqual(["teacher", "label"]);
    expect(reusedIn(await run(small({ seed: 9 }), dir("seeded")))).toEqual([]);
    expect(reusedIn(await run(small({ seeds: 1 }), dir("one")))).toEqual([
      "teacher",
      "label",
      "student/seed-2",
      "baseline/seed-2",
    ]);
  });
});

describe("what cannot be taken over", () => {
  const recipe = small({
    seeds: 1,
    student: { model: { family: "mlp", hidden: [4] }, train: { epochs: 2 } },
    seed: 70,
  });

  it("is trained anew: a damaged result, a deleted run; and the next run has the choice of both", async () => {
    await run(recipe, dir("a"));
    truncateSync(join(dir("a"), "checkpoints/teacher.safetensors"), 900);
    expect(reusedIn(await run(recipe, dir("b")))).not.toContain("teacher");
    rmSync(dir("a"), { recursive: true });
    const third = await run(recipe, dir("c"));
    expect(reusedIn(third)).toEqual(["teacher", "label", "student/seed-71", "baseline/seed-71"]);
    // The student's own training was in the run that is gone; it is still said to be that run's.
    expect(third.get("student/seed-71")!.from!.run).toBe(dir("a"));
    expect(third.get("teacher")!.from!.run).toBe(dir("b"));
  });

  it("does not stop a run, nor does a cache that cannot be written", async () => {
    const file = join(folder, "r.json");
    writeFileSync(file, smallRecipe(images, { seeds: 1, baseline: false }));
    const args = ["run", file, "--json", "--out"];
    const blocked = join(folder, "a-file");
    writeFileSync(blocked, "");
    const { code, stderr } = await limbeck([...args, dir("no-cache")], undefined, { LIMBECK_CACHE_DIR: blocked });
    expect(code, stderr).toBe(0);
  });
});

it("two runs of one recipe at a time do not disturb each other", async () => {
  const recipe = small({ seed: 40, seeds: 1, baseline: false });
  await Promise.all(["x", "y"].map((name) => run(recipe, dir(name))));
  const files = ["teacher.onnx", "student.onnx"];
  expect(fingerprint(dir("x"), files)).toEqual(fingerprint(dir("y"), files));
});

it("the command line tells where a result is from, and has a switch against it", async () => {
  const cache = { LIMBECK_CACHE_DIR: temporaryFolder() };
  const file = join(folder, "cli.json");
  writeFileSync(file, smallRecipe(images, { seed: 50, seeds: 1, baseline: false }));
  await limbeck(["run", file, "--out", dir("cli-1")], undefined, cache);
  const again = await limbeck(["run", file, "--out", dir("cli-2")], undefined, cache);
  expect(again.stdout).toMatch(/teacher +reused from \S*cli-1 \(took \d+:\d\d there\) +\d+ test errors/);
  const anew = await limbeck(["run", file, "--out", dir("cli-3"), "--no-reuse"], undefined, cache);
  expect(anew.stdout).not.toContain("reused from");
});

describe("the list of finished work", () => {
  const origin = { run: "gone", phase: "teacher", finishedAt: "", seconds: 1, peakMemoryBytes: 1 };
  const offered = () => {
    const [list, run] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(run, "result"), "result");
    const work = new FinishedWork(list);
    const holder = { run, phase: "p", file: "result", sha256: sha256("result"), origin };
    work.offer("k", holder);
    return { list, run, work, holder };
  };

  it("gives back what was offered, and nothing for another key", () => {
    const { work, holder } = offered();
    expect(work.find("k")).toEqual({ holder, bytes: Buffer.from("result") });
    expect(work.find("other")).toBeUndefined();
  });

  it.each(["not JSON", "{}", "null"])("forgets an entry that is damaged: %s", (text) => {
    const { list, work } = offered();
    const [name] = readdirSync(join(list, "k"));
    writeFileSync(join(list, "k", name!), text);
    expect(work.find("k")).toBeUndefined();
    expect(existsSync(join(list, "k", name!))).toBe(false);
  });

  it("looks for another holder where the result of one was changed", () => {
    const { run, work, holder } = offered();
    const other = temporaryFolder();
    writeFileSync(join(other, "result"), "result");
    work.offer("k", { ...holder, run: other });
    writeFileSync(join(run, "result"), "resuLt");
    expect(work.find("k")?.holder.run).toBe(other);
  });
});

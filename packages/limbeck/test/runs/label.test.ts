import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { distill, parseRecipe, type Recipe, type RunEvent, resume } from "limbeck";
import { describe, expect, it } from "vitest";
import { limbeck, prepareRun, read, smallRecipe, temporaryFolder, unlocked, writeImages } from "./harness.js";

const folder = temporaryFolder();
const images = writeImages(folder, 400);
const small = (changes: object = {}): Recipe => parseRecipe(smallRecipe(images, changes), join(folder, "r.yaml"));
const dir = (name: string) => join(folder, name);
const phasesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "phase-start" ? [event.phase] : []));
const labelsOf = (events: readonly RunEvent[]) => events.find((event) => event.type === "labels")!;

describe("a run that only labels", () => {
  it("trains the teacher, states the size, labels; a later run takes both over", async () => {
    const events = await read(distill(small(), { runDir: dir("labels"), goal: "labels" }));
    expect(phasesOf(events)).toEqual(["teacher", "label"]);
    const plan = { samples: 320, classes: 4, dtype: "float32", top: null, draws: null, bytes: 320 * 4 * 4 };
    const kinds = events.map(({ type }) => type);
    expect(events[kinds.indexOf("label-plan")]).toMatchObject(plan);
    expect(kinds.indexOf("label-plan")).toBeLessThan(kinds.lastIndexOf("progress"));
    const labels = labelsOf(events);
    expect(labels).toMatchObject(plan);
    expect(statSync(labels.path!).size - plan.bytes).toBeLessThan(300);

    const later = await read(distill(small({ seeds: 1, baseline: false }), { runDir: dir("later") }));
    const taken = later.flatMap((event) => (event.type === "phase-end" && event.from ? [event.phase] : []));
    expect(taken).toEqual(["teacher", "label"]);
    expect(phasesOf(await read(resume(dir("labels"))))).toEqual(["teacher", "label"]);
  });

  it("ends students that differ where answers are rounded, and does not confuse the two", async () => {
    const answers = { dtype: "float16", top: 2 };
    const options = { seeds: 1, baseline: false };
    const events = await read(distill(small({ ...options, answers }), { runDir: dir("rounded") }));
    const student = events.find((event) => event.type === "phase-end" && event.phase === "student/seed-2");
    expect(student).toMatchObject({ reused: false });
    expect(existsSync(join(dir("rounded"), "student.onnx"))).toBe(true);
    expect(readFileSync(join(dir("rounded"), "student.onnx"))).not.toEqual(
      readFileSync(join(dir("later"), "student.onnx")),
    );
  });

  it("teaches by drawn answers, and says what they can take at most", async () => {
    const changes = { seeds: 1, baseline: false, answers: { draws: 20 }, distill: [{ loss: "kd", temperature: 1 }] };
    const events = await read(distill(small(changes), { runDir: dir("drawn") }));
    const plan = events.find((event) => event.type === "label-plan");
    expect(plan).toMatchObject({ draws: 20, top: null, bytes: 320 * (4 * 2 + 2) + 4 });
    const [file] = readdirSync(join(dir("drawn"), "cache")).filter((name) => name.endsWith(".safetensors"));
    expect(statSync(join(dir("drawn"), "cache", file!)).size).toBeLessThan(320 * 10 + 4 + 500);
    expect(events.find((event) => event.type === "results")).toBeDefined();
  });

  it.each([
    [
      "augmented",
      { student: { model: { family: "mlp", hidden: [8] }, train: { epochs: 2, augment: [{ name: "jitter" }] } } },
    ],
    ["inside", { distill: [{ loss: "fitnets", student: "relu1", teacher: "relu1" }, { loss: "cross-entropy" }] }],
    ["untaught", { distill: [{ loss: "cross-entropy" }] }],
  ])("says that nobody would look answers up: %s", async (name, changes) => {
    const events = await read(
      distill(small({ seeds: 1, baseline: false, ...changes }), { runDir: dir(name), goal: "labels" }),
    );
    expect(phasesOf(events)).toEqual([]);
    expect(labelsOf(events)).toMatchObject({
      path: null,
      reason: expect.stringMatching(/augmented|inside|No student/),
    });
    expect(existsSync(join(dir(name), "teacher.onnx"))).toBe(false);
  });
});

it("a run whose students see augmented images does not label", async () => {
  const student = { model: { family: "mlp", hidden: [8] }, train: { epochs: 2, augment: [{ name: "jitter" }] } };
  const events = await read(distill(small({ seeds: 1, baseline: false, student }), { runDir: dir("live") }));
  expect(phasesOf(events)).toEqual(["teacher", "student/seed-2", "evaluate"]);
  expect(events[0]).toMatchObject({ phases: [{ id: "teacher" }, { id: "student/seed-2" }, { id: "evaluate" }] });
});

it("labelling that was stopped goes on where it was, and ends with the same bytes", async () => {
  const many = writeImages(temporaryFolder(), 9_080);
  const teacher = { model: { family: "mlp", hidden: [8] }, train: { epochs: 1 } };
  const recipe = () => parseRecipe(smallRecipe(many, { teacher }), join(folder, "r.yaml"));
  const whole = labelsOf(await read(distill(recipe(), { runDir: dir("whole"), goal: "labels", reuse: false })));
  const cache = join(dir("stopped"), "cache");
  const parts = () => (existsSync(cache) ? readdirSync(cache).filter((name) => name.endsWith(".parts")) : []);
  const isPartDone = (event: RunEvent) => event.type === "progress" && event.phase === "label" && parts().length > 0;
  await read(distill(recipe(), { runDir: dir("stopped"), goal: "labels", reuse: false }), isPartDone);
  await unlocked(dir("stopped"));
  const events = await read(resume(dir("stopped")));
  const labels = labelsOf(events);
  expect(readFileSync(labels.path!)).toEqual(readFileSync(whole.path!));
  expect(parts()).toEqual([]);
});

describe("limbeck label", () => {
  it("tells what it writes and where", async () => {
    const { recipe, runDir } = prepareRun({ answers: { dtype: "float16" } });
    const { code, stdout, stderr } = await limbeck(["label", recipe, "--out", runDir, "--json"]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("labelling writes 320 samples × 4 numbers × 2 bytes = 2.6 kB");
    const { status, labels } = JSON.parse(stdout);
    expect(status).toBe("done");
    expect(labels).toMatchObject({ samples: 320, classes: 4, dtype: "float16", bytes: 2560 });
    expect(existsSync(labels.path)).toBe(true);
    const again = await limbeck(["resume", runDir]);
    expect(again.stdout).toMatch(/kept from before[\s\S]*answers {2}\S+teacher-logits/);
  });
});

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, ops, toOnnx } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { splitLabels } from "../../src/data/dataset.js";
import { readRecipe } from "../../src/recipe/parse.js";
import { loadSamples } from "../../src/runs/samples.js";
import { writeColors } from "../data/images.js";
import { problemOf } from "../recipe/problem-of.js";
import { finalFiles, fingerprint, killInTraining, limbeck, temporaryFolder } from "./harness.js";

const model = { family: "mlp", hidden: [8] };

async function prepare(source: object = {}, changes: object = {}) {
  const folder = temporaryFolder();
  await writeColors(join(folder, "photos"), 12);
  await writeColors(join(folder, "others"), 6, 100);
  const recipe = join(folder, "colors.json");
  const small = {
    name: "colors",
    seeds: 1,
    data: { source: { folder: "photos", test: "others", size: 6, ...source } },
    teacher: { model, train: { epochs: 4, batchSize: 6, learningRate: 0.03 } },
    student: { model, train: { epochs: 4, batchSize: 6, learningRate: 0.03 } },
    ...changes,
  };
  writeFileSync(recipe, JSON.stringify(small));
  return { recipe, folder, runDir: join(folder, "run") };
}

const runOf = (runDir: string) => JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));

describe("a run over folders of images", () => {
  it("learns their classes, and says what it reads", async () => {
    const { recipe, runDir } = await prepare();
    const { code, stdout, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("54 images of 3 × 6 × 6 take 5.8 kB of memory");
    expect(stdout).toMatch(/done {2}reading images +\d/);
    expect(runOf(runDir).results.student.accuracy.mean).toBe(1);
    const report = readFileSync(join(runDir, "report.html"), "utf8");
    for (const name of ["blue", "green", "red"]) expect(report).toContain(name);
  });

  it("stops at corrupt images, or leaves them out and lists them", async () => {
    const { recipe, folder, runDir } = await prepare({}, { baseline: false });
    const broken = join(folder, "photos", "red", "3.png");
    writeFileSync(broken, readFileSync(broken).subarray(0, 60));
    const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect(code).toBe(2);
    expect(stderr).toContain(`Of 54 images, 1 cannot be decoded:\n  ${broken}: `);
    writeFileSync(recipe, readFileSync(recipe, "utf8").replace('"size":6', '"size":6,"corrupt":"skip"'));
    const { stdout, ...second } = await limbeck(["run", recipe, "--out", runDir]);
    expect([second.code, second.stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`1 corrupt image was left out:\n  ${broken}: `);
    expect(runOf(runDir).corrupt).toEqual([{ path: broken, problem: expect.any(String) }]);
    expect(readFileSync(join(runDir, "metrics.jsonl"), "utf8")).toContain('"type":"data-skipped"');
  });
});

/** Knows blue, green and red by the mean of their channels. */
function writeTeacher(path: string): void {
  const graph = createGraph();
  const image = graph.input("image", "float32", [1, 3, 6, 6]);
  const means = ops.mul(ops.reduceMean(image, { axes: [2, 3] }), 5);
  const channel = (c: number) => ops.slice(means, [c], [c + 1], [1]);
  graph.output("colors", ops.concat([channel(2), channel(1), channel(0)], 1));
  writeFileSync(path, toOnnx(graph, { symbols: { image: { 0: "n" }, colors: { 0: "n" } } }));
}

describe("unlabelled images", () => {
  const teacher = { onnx: "teacher.onnx" };

  async function withUnlabelled(source: object, changes: object = {}) {
    const prepared = await prepare({ unlabelled: "found", ...source }, { teacher, ...changes });
    await writeColors(join(prepared.folder, "found"), 10, 200);
    writeTeacher(join(prepared.folder, "teacher.onnx"));
    return prepared;
  }

  const load = (recipe: string) => loadSamples(readRecipe(recipe), new AbortController().signal);

  it("are learned from as the teacher sees them, and never tested", async () => {
    const { recipe, folder } = await withUnlabelled({ test: undefined });
    // A label that nobody would give, which must stay.
    cpSync(join(folder, "photos", "red", "0.png"), join(folder, "photos", "blue", "0.png"));
    const given = JSON.parse(readFileSync(recipe, "utf8"));
    writeFileSync(recipe, JSON.stringify({ ...given, data: { ...given.data, test: 9, validation: 6 } }));
    const { train, test } = await load(recipe);
    expect([train.dataset.labelled, train.dataset.size]).toEqual([36, 66]);
    expect([test.indices.length, train.indices.length]).toEqual([6, 36 - 9 - 6 + 30]);
    expect([...test.indices].every((index) => index < 36)).toBe(true);
    expect([...train.indices.slice(-30)]).toEqual(Array.from({ length: 30 }, (_, i) => 36 + i));
    expect([...splitLabels(train).slice(-30)]).toEqual([0, 1, 2].flatMap((label) => new Array(10).fill(label)));
    expect([...train.dataset.labels.slice(0, 36)]).toEqual([0, 1, 2].flatMap((label) => new Array(12).fill(label)));
  });

  it("are labelled by a teacher whose own labels are mapped onto the folders'", async () => {
    const classes = { labels: "labels.txt", map: { sky: "blue", grass: "green", blood: "red" } };
    const { recipe, folder } = await withUnlabelled({}, { teacher: { ...teacher, classes } });
    writeFileSync(join(folder, "labels.txt"), "sky\ngrass\nblood\n");
    const { train } = await load(recipe);
    expect([...splitLabels(train).slice(-30)]).toEqual([0, 1, 2].flatMap((label) => new Array(10).fill(label)));
  });

  it("are for the student; the baseline takes as many steps on labelled ones", async () => {
    const pseudo = { name: "pseudo-labels", distill: [{ loss: "cross-entropy" }], baseline: false };
    const { recipe, runDir } = await withUnlabelled({}, { variants: [pseudo] });
    const { code, stdout, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "student learned from 66 images, 30 of which only the teacher has labelled, the baseline from the 36 labelled images.",
    );
    const events = readFileSync(join(runDir, "metrics.jsonl"), "utf8").trim().split("\n");
    const epochs = (arm: string) =>
      events.map((line) => JSON.parse(line)).filter(({ type, phase }) => type === "epoch" && phase.startsWith(arm));
    expect([epochs("student").length, epochs("baseline").length]).toEqual([4, 7]);
    expect(epochs("pseudo-labels/student")).toHaveLength(4);
    expect(runOf(runDir).results.teacher.errors).toEqual([0]);
    expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain(
      "without the teacher on the 36 labelled images",
    );
  });

  it("are labelled by a teacher that the run trains on the others, killed or not", async () => {
    const pseudo = { name: "pseudo-labels", distill: [{ loss: "cross-entropy" }], baseline: false };
    const student = { model, train: { epochs: 60, batchSize: 6, learningRate: 0.03 } };
    const changes = { variants: [pseudo], student, baseline: false };
    const { recipe, folder, runDir } = await prepare({ unlabelled: "found" }, changes);
    await writeColors(join(folder, "found"), 10, 200);
    const { code, stdout, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/done {2}labelling the unlabelled +\d/);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain("66 images, 30 of which only the teacher has labelled");
    const { results } = runOf(runDir);
    expect(results.variants[0].student.accuracy.mean).toBe(1);
    const again = join(folder, "again");
    await killInTraining({ recipe, runDir: again });
    const files = finalFiles(runDir);
    expect(files).toContain("pseudo-labels/student.onnx");
    expect(fingerprint(again, files)).toEqual(fingerprint(runDir, files));
  });

  it("teach nothing to a teacher that the run trains, and are known to the doctor", async () => {
    const { recipe, folder, runDir } = await prepare({ unlabelled: "found" });
    await writeColors(join(folder, "found"), 10, 200);
    const { stdout } = await limbeck(["doctor", recipe, "--out", runDir, "--json"]);
    const { transferSet } = JSON.parse(stdout).findings;
    expect(transferSet).toMatchObject({ samples: 66, absent: [], largest: { samples: 22 }, smallest: { samples: 22 } });
    const alone = join(folder, "alone.json");
    writeFileSync(alone, readFileSync(recipe, "utf8").replace('"unlabelled":"found"', '"corrupt":"fail"'));
    await limbeck(["doctor", alone, "--out", join(folder, "alone")]);
    expect(fingerprint(join(folder, "alone"), ["teacher.onnx"])).toEqual(fingerprint(runDir, ["teacher.onnx"]));
  });

  it("need a teacher without need of labels, and a student that sees images", async () => {
    const asked = await prepare({ unlabelled: "found" }, { teacher: { function: "anyone v1" } });
    expect(problemOf(readFileSync(asked.recipe, "utf8"))).toContain(
      "what is unlabelled has the teacher's answers for labels",
    );
    const drawn = { source: { folder: "photos", test: "others", size: 6, unlabelled: "found" } };
    const some = await prepare({}, { data: { ...drawn, transfer: { size: 20, only: [1] } } });
    expect(problemOf(readFileSync(some.recipe, "utf8"))).toContain("known once the teacher is trained");
    const generated = await prepare({ unlabelled: "found" }, { teacher, scheme: "dafl", distill: [{ loss: "kd" }] });
    expect(problemOf(readFileSync(generated.recipe, "utf8"))).toContain(
      "unlabelled the student sees no training sample",
    );
  });

  it("need no teacher where a student learns without labels first, which its baseline does not", async () => {
    const heads = { hidden: 8, bottleneck: 4, prototypes: 8 };
    const scheme = { name: "dino", labels: 9, epochs: 3, batchSize: 16, locals: 1, ...heads };
    const { recipe, runDir } = await withUnlabelled({}, { teacher: undefined, scheme });
    const { code, stdout, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([0, ""]);
    const text = stdout.replaceAll(/\s+/g, " ");
    expect(text).toContain(
      "student learned from 66 images without labels, and then from 9 of them with labels, the baseline from these 9 alone.",
    );
    expect(text).toContain("Features before any label: the 20 nearest of 9 labelled samples make");
    const { results } = runOf(runDir);
    expect(results.features).toEqual({ neighbors: [expect.any(Number)], untrained: [expect.any(Number)], known: 9 });
    expect(results.student.parameters).toBe(results.baseline.parameters);
    const events = readFileSync(join(runDir, "metrics.jsonl"), "utf8").trim().split("\n");
    const epochs = (phase: string) =>
      events.map((line) => JSON.parse(line)).filter((event) => event.type === "epoch" && event.phase === phase);
    const counts = ["student/seed-2/pretraining", "student/seed-2", "baseline/seed-2"].map(
      (phase) => epochs(phase).length,
    );
    expect(counts).toEqual([3, 4, 4]);
    expect(Object.keys(epochs("student/seed-2/pretraining")[0].losses)).toEqual([
      "loss",
      "dino",
      "teacher-entropy",
      "kl",
    ]);
    expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain("Before any label");
  });

  it("must be there, and are none of those that have a class", async () => {
    const { recipe, folder } = await withUnlabelled({});
    const given = readFileSync(recipe, "utf8");
    writeFileSync(recipe, given.replace('"unlabelled":"found"', '"unlabelled":"."'));
    await expect(load(recipe)).resolves.toMatchObject({
      train: { dataset: { labelled: 36, size: 36 + 30 } },
    });
    writeFileSync(recipe, given.replace('"unlabelled":"found"', '"unlabelled":"photos/red"'));
    await expect(load(recipe)).rejects.toMatchObject({ code: "DATA_CORRUPT", where: join(folder, "photos", "red") });
    writeFileSync(recipe, given.replace('"unlabelled":"found"', '"unlabelled":"none"'));
    await expect(load(recipe)).rejects.toMatchObject({ code: "FILE_MISSING" });
  });
});

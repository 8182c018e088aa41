import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomStream } from "@limbeck/graph";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { npyOf } from "../data/numpy.js";
import { problemOf } from "../recipe/problem-of.js";
import { limbeck, temporaryFolder } from "./harness.js";

const model = { family: "mlp", hidden: [8] };
const train = { epochs: 30, batchSize: 8, learningRate: 0.03 };

function prepare(source: object, changes: object = {}) {
  const folder = temporaryFolder();
  const recipe = join(folder, "arrays.json");
  const small = { name: "arrays", seeds: 1, baseline: false, teacher: { model, train }, student: { model, train } };
  writeFileSync(recipe, JSON.stringify({ ...small, data: { source }, ...changes }));
  return { recipe, folder, runDir: join(folder, "run") };
}

/** Dark images and bright ones, two by two pixels of three colors. */
function images(count: number, seed: number) {
  const random = randomStream(seed);
  const pixels = Uint8Array.from({ length: count * 12 }, (_, i) => (Math.floor(i / 12) % 2) * 120 + random.below(100));
  return {
    images: npyOf([count, 2, 2, 3], pixels),
    labels: npyOf(
      [count],
      Uint8Array.from({ length: count }, (_, i) => i % 2),
    ),
  };
}

const resultsOf = (runDir: string) => JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")).results;

describe("a run over NumPy's files", () => {
  it("learns from images of an archive, and is tested by others", async () => {
    const { recipe, folder, runDir } = prepare({
      images: "all.npz#x_train",
      labels: "all.npz#y_train",
      test: { images: "all.npz#x_test", labels: "all.npz#y_test" },
      classes: ["dark", "bright"],
    });
    const [learned, tested] = [images(40, 1), images(20, 2)];
    const arrays = { "x_train.npy": learned.images, "y_train.npy": learned.labels };
    const others = { "x_test.npy": tested.images, "y_test.npy": tested.labels };
    writeFileSync(join(folder, "all.npz"), zipSync({ ...arrays, ...others }));
    const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(resultsOf(runDir).student).toMatchObject({ testSize: 20, accuracy: { mean: 1 } });
    expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain("bright");
  });

  it("learns from rows, which networks standardize", async () => {
    const { recipe, folder, runDir } = prepare({ rows: "x.npy", labels: "y.npy" }, { data: undefined });
    const random = randomStream(4);
    const values = Float64Array.from({ length: 120 }, (_, i) => 1000 * (Math.floor(i / 2) % 2) + random.below(500));
    writeFileSync(join(folder, "x.npy"), npyOf([60, 2], values));
    writeFileSync(
      join(folder, "y.npy"),
      npyOf(
        [60],
        Uint8Array.from({ length: 60 }, (_, i) => i % 2),
      ),
    );
    const given = JSON.parse(readFileSync(recipe, "utf8"));
    writeFileSync(recipe, JSON.stringify({ ...given, data: { source: { rows: "x.npy", labels: "y.npy" }, test: 20 } }));
    const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(resultsOf(runDir).student.accuracy.mean).toBe(1);
    const moments = await limbeck(["moments", recipe]);
    expect(JSON.parse(moments.stdout).columns).toEqual(["1", "2"]);
  });

  it("refuses what is for images where there are rows, and images of another size", async () => {
    const augmented = { model, train: { ...train, augment: [{ name: "flip" }] } };
    const rows = prepare({ rows: "x.npy", labels: "y.npy" }, { student: augmented });
    expect(problemOf(readFileSync(rows.recipe, "utf8"))).toContain("this source has rows; leave it out");
    const test = { images: "t.npy", labels: "y.npy" };
    const { recipe, folder, runDir } = prepare({ images: "x.npy", labels: "y.npy", test });
    const { images: pixels, labels } = images(12, 1);
    for (const [name, bytes] of Object.entries({ x: pixels, y: labels })) {
      writeFileSync(join(folder, `${name}.npy`), bytes);
    }
    writeFileSync(join(folder, "t.npy"), npyOf([12, 4, 4, 3], new Uint8Array(12 * 48)));
    const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("has images of 3 × 4 × 4")]);
  });
});

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "vitest";
import { renderReport } from "../../src/report/report.js";
import { comparison, confusion, reportData, sample, teacher } from "./fixture.js";

test("preview", async () => {
  const out = "/tmp/limbeck-report";
  mkdirSync(out, { recursive: true });
  const require = createRequire(import.meta.url);
  const digit = (n: number, k: number) => {
    const all = JSON.parse(readFileSync(require.resolve("mnist").replace(/[^/]*$/, `digits/${n}.json`), "utf8")).data;
    return Uint8Array.from(all.slice(k * 784, (k + 1) * 784), (v: number) => Math.round(v * 255));
  };
  const data = reportData();
  const samples = data.samples.map((s, i) => ({ ...s, pixels: digit(s.label, 11 + i) }));
  const write = async (name: string, changes: object) => {
    const text = await renderReport(reportData({ samples, ...changes }));
    writeFileSync(`${out}/${name}.html`, text);
    console.log(name, text.length);
  };
  await write("main", {});
  const single = comparison([94], [121], null);
  await write("single", {
    results: { student: single.student, baseline: null, verdict: null, teacher: teacher(), variants: [] },
    confusion: { ...data.confusion, baseline: null, student: confusion(94, 1) },
    curves: data.curves.filter((c) => c.seed === 0 && c.arm === "student"),
    temperature: 1,
  });
  const classes = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
  ];
  await write("fashion", { classes, name: "fashion-mnist-with-a-long-name <b>" });
  const many = Array.from({ length: 100 }, (_, i) => `class name ${i}`);
  await write("many", {
    classes: many,
    image: { channels: 3, height: 28, width: 28 },
    samples: Array.from({ length: 6 }, (_, i) => sample(i, 100, 3)),
    confusion: { teacher: confusion(300, 1, 100), student: confusion(400, 1, 100), baseline: null },
  });
  const mid = Array.from({ length: 24 }, (_, i) => `species ${i}`);
  await write("mid", {
    classes: mid,
    confusion: { teacher: confusion(300, 1, 24), student: confusion(900, 3, 24), baseline: confusion(1000, 3, 24) },
    samples: [sample(1, 24), sample(2, 24)],
  });
});

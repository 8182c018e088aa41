import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchOptions } from "../../../../test/chromium.js";
import { sampleLength } from "../../src/data/dataset.js";
import { renderEvaluation } from "../../src/report/evaluation/page.js";
import { evaluateSamples } from "../../src/runs/evaluate/evaluate.js";
import { writeEvaluation } from "../../src/runs/evaluate/report.js";
import { patternModel, patternSamples } from "../evaluate/models.js";
import { temporaryFolder } from "../runs/harness.js";
import { inspectPage } from "./in-chromium.js";

const NASTY = `</script><img src=x onerror="alert(1)">`;
const data = {
  ...patternSamples(),
  classes: ["a", NASTY, "a class with a name as long as names of classes are at most", "d"],
};
const length = sampleLength(data);

const COST = {
  bytes: 51_330,
  gzipBytes: 47_440,
  parameters: null,
  macs: null,
  note: "a node that graphs do not have",
  latency: [{ threads: 1, p50Ms: 0.5, p95Ms: 0.75 }],
  throughput: [{ threads: 1, batch: 32, samplesPerSecond: 1234 }],
  peakMemoryBytes: 99e6,
};

async function pageOf(count: number): Promise<string> {
  const models = Array.from({ length: count }, (_, i) => ({
    name: i === 1 ? NASTY : `model-${i}`,
    onnx: patternModel({ blunt: i / 3 }),
  }));
  const skip = count > 1 ? (["cost"] as const) : (["cost", "robustness"] as const);
  const { evaluation } = await evaluateSamples({ data, models, resamples: 20, threads: 1, skip });
  const priced = evaluation.models.map((model, i) => ({ ...model, cost: { ...COST, bytes: COST.bytes * (i + 1) } }));
  const pixelsOf = (index: number) => data.pixels.slice(index * length, (index + 1) * length);
  const shown = count > 1 ? { ...evaluation, models: priced } : evaluation;
  return renderEvaluation({ evaluation: shown, image: data, pixelsOf, rowOf: null });
}

describe("the report of an evaluation", () => {
  it("escapes what files and classes are called", async () => {
    const page = await pageOf(4);
    expect(page).not.toContain(NASTY);
    expect(page).toContain("&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
    expect(page).toContain("&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt; makes");
  });

  it("of one model alone compares nothing, and has no sections of what was left out", async () => {
    const page = await pageOf(1);
    const ids = [...page.matchAll(/<h2 id="([^"]*)"/g)].map(([, id]) => id);
    expect(ids).toEqual(["quality", "forgotten", "classes", "calibration", "setting"]);
    expect(page).toContain("The worst mistakes");
  });
});

describe("the report about rows", () => {
  it("tells their numbers in the place of pictures", async () => {
    const columns = Array.from({ length: 36 }, (_, i) => `c${i}`);
    const pixels = Float32Array.from(data.pixels, (value) => value / 255);
    const rows = { ...data, channels: 36, height: 1, width: 1, columns, pixels };
    const models = [0, 2].map((blunt) => patternModel({ input: "rows", blunt }));
    const folder = temporaryFolder();
    const found = await evaluateSamples({ data: rows, models, resamples: 20, threads: 1, skip: ["cost"] });
    const page = readFileSync(await writeEvaluation(folder, found), "utf8");
    const [{ index }] = found.evaluation.models[1]!.comparison!.churn.worst as [{ index: number }];
    expect(page).toMatch(new RegExp(`row ${index}: c0 ${pixels[index * 36]!.toPrecision(3)}, c1 .*, …`));
    expect(page).not.toContain("data:image");
  });
});

describe.skipIf(!hasChromium)("the report in Chromium (skipped where it is not installed)", () => {
  let browser: Browser;
  const file = join(temporaryFolder(), "evaluation.html");
  beforeAll(async () => {
    writeFileSync(file, await pageOf(4));
    browser = await chromium.launch(launchOptions);
  });
  afterAll(() => browser?.close());

  it.each([
    ["light", 1200],
    ["dark", 390],
  ] as const)("runs without errors, requests or overflow: %s, %i px wide", async (colorScheme, width) => {
    await inspectPage(browser, file, { colorScheme, width }, async (page) => {
      const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
      const before = await ground();
      await page.click("#theme");
      expect(await ground()).not.toBe(before);
    });
  });
});

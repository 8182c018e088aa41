import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasChromium, launchOptions } from "../../../../test/chromium.js";
import type { QuantizationRecord } from "../../src/quantize/quantization.js";
import { renderQuantization } from "../../src/report/quantization/page.js";
import { temporaryFolder } from "../runs/harness.js";
import { inspectPage } from "./in-chromium.js";

const NASTY = `</script><img src=x onerror="alert(1)">`;
const estimate = (value: number) => ({ value, low: value - 0.02, high: value + 0.02 });
const long = "/features/features.17/conv/conv.2/a/name/that/does/not/end/soon/Conv";

const record: QuantizationRecord = {
  format: "int8-static",
  file: { path: `runs/${NASTY}.onnx`, sha256: "ab".repeat(32) },
  data: `photos of ${NASTY}`,
  options: { exclude: [NASTY], method: "entropy" },
  environment: { limbeck: "1", node: "v20", onnxruntime: "1", cpu: "a processor", platform: "linux" },
  bytes: { before: 4e6, after: 1.1e6 },
  compressed: { before: 3.6e6, after: 0.9e6 },
  calibrated: 128,
  ranges: { x0: { min: -1, max: 2 }, x1: { min: 0, max: 6 } },
  closeness: {
    samples: 372,
    sqnr: 21.4,
    largest: 1.25,
    agreement: estimate(0.954),
    accuracy: { before: estimate(0.863), after: estimate(0.858), difference: estimate(-0.005) },
  },
  layerSamples: 32,
  layers: Array.from({ length: 60 }, (_, i) => ({
    name: i === 3 ? NASTY : i === 5 ? long : `conv${i}`,
    operator: "Conv" as const,
    input: `x${i % 2}`,
    weights: 100 * (i + 1),
    place: (7 * i) % 60,
    quantized: i > 1,
    ...(i === 9 ? {} : { sqnr: i === 59 ? null : 4 + i, agreement: 1, bytes: { before: 400, after: 130 } }),
  })),
};

describe("the report of a quantization", () => {
  it("escapes what files, data and layers are called", () => {
    const page = renderQuantization(record);
    expect(page).not.toContain("<img");
    expect(page).toContain("accuracy falls by 0.50 points, within what chance explains");
    expect(page).toContain("58 of 60 layers are in int8-static");
  });

  it("of half precision without samples tells what it lost, and nothing of layers", () => {
    const { closeness: _, ...rest } = record;
    const halves = { clipped: 2, vanished: 1234 };
    const page = renderQuantization({ ...rest, format: "fp16", halves, layers: [], ranges: {}, data: null });
    expect(page).toContain("2 beyond 65,504 became that, 1,234 below 3e-8 became 0.");
    expect([...page.matchAll(/<h2 id="([^"]*)"/g)].map(([, id]) => id)).toEqual(["figures", "setting"]);
  });

  it.skipIf(!hasChromium)("fits and complains of nothing in Chromium", async () => {
    const file = join(temporaryFolder(), "quantization.html");
    writeFileSync(file, renderQuantization(record));
    const browser = await chromium.launch(launchOptions);
    for (const [colorScheme, width] of [["light", 1200] as const, ["dark", 390] as const]) {
      await inspectPage(browser, file, { colorScheme, width }, async (page) => {
        expect(await page.locator("svg.profile rect").count()).toBe(59);
      });
    }
    await browser.close();
  });
});

import { readFileSync } from "node:fs";
import { evaluateModels } from "limbeck";
import { describe, expect, it } from "vitest";
import { FileModel } from "../../src/evaluate/file-model/file-model.js";
import { writeModel } from "./models.js";

interface Foreign {
  readonly name: string;
  readonly file: string;
  readonly answers: readonly number[];
  readonly tolerance: number;
}

const golden = JSON.parse(readFileSync(new URL("../golden/evaluation_models.json", import.meta.url), "utf8"));
const models: readonly Foreign[] = golden.models;
const samples = Float32Array.from(golden.samples);
const image = { channels: 1, height: 2, width: 2 };
const pathOf = ({ file }: Foreign) => writeModel(Buffer.from(file, "base64"));

describe("models that only ONNX Runtime has to understand", () => {
  it.each(models)("answer as NumPy does: $name", async (foreign) => {
    const model = await FileModel.open({ name: "it", path: pathOf(foreign), options: {} }, image, 3, samples, 1);
    const logits = await model.logits(samples, 5);
    await model.release();
    for (const [i, value] of foreign.answers.entries()) {
      expect(Math.abs(logits[i]! - value), `answer ${i}`).toBeLessThan(foreign.tolerance);
    }
  });

  it("are timed like any other; what cannot be counted is said to be left out", async () => {
    const named = models.map((model, i) => ({ name: `m${i}`, onnx: pathOf(model) }));
    const data = {
      name: "five",
      size: 5,
      ...image,
      classes: ["a", "b", "c"],
      pixels: Uint8Array.from(samples, (value) => Math.round(255 * value)),
      labels: Uint8Array.of(0, 1, 2, 0, 1),
    };
    const { models: found } = await evaluateModels({
      data,
      models: named,
      threads: 1,
      resamples: 10,
      skip: ["robustness"],
    });
    for (const { cost } of found) {
      expect(cost!.latency[0]!.p50Ms).toBeGreaterThan(0);
      expect(cost!.peakMemoryBytes).toBeGreaterThan(20e6);
    }
    // Dynamic quantization is asked one by one, and timed with many all the same.
    expect(found.map(({ cost }) => cost!.throughput[0]!.batch)).toEqual([32, 32, 32, 32, 32, 32]);
    const costs = found.map(({ cost }) => cost!);
    expect(costs.map(({ macs }) => macs)).toEqual([12, 12, 12, 12, expect.any(Number), 12]);
    expect(costs.map(({ note }) => note)).toEqual([
      null,
      null,
      null,
      null,
      expect.stringContaining("leave out 2 nodes"),
      null,
    ]);
  });
});

import { expect, it } from "vitest";
import { textBytes } from "../../src/data/texts/encode.js";
import { buildModel } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";
import { Classifier } from "../../src/teachers/classifier.js";

const BYTES = 16;
const GEOMETRY = { channels: 1, height: 1, width: BYTES };
const [BUCKETS, EMBEDDING, CLASSES] = [64, 3, 2];
const LENGTHS = [1, 2, 3];

/** Rows of the table for a text, by the definition: with whole numbers of any size. */
function rowsOf(text: string): number[] {
  const bytes = Array.from(textBytes(text, { bytes: BYTES, lowercase: true }));
  const real = bytes.filter((byte) => byte < 256);
  const framed = [256, ...bytes, 256, 256];
  return LENGTHS.flatMap((count) => {
    const runs = count === 1 ? real.map((_, i) => [real[i]!]) : real.map((_, i) => framed.slice(i, i + count));
    return runs.map((run) => {
      let hash = 0n;
      for (const [i, symbol] of run.entries()) {
        const next = BigInt(symbol) + 1n;
        hash = (i === 0 ? next + BigInt(count) * 1_000_003n : hash * 1_000_003n + next) % (2n ** 31n - 1n);
      }
      return Number(hash % BigInt(BUCKETS));
    });
  });
}

it("answers with a linear map of the rows that runs of bytes are hashed to, added up and divided by the root of their number", async () => {
  const choice = { family: "ngrams", lengths: LENGTHS, buckets: BUCKETS, embedding: EMBEDDING };
  const model = buildModel(choice, GEOMETRY, CLASSES);
  const values = initialize(model, 3);
  const classifier = await Classifier.load(toOnnxModel(model, GEOMETRY, values), GEOMETRY, 1);
  const texts = ["hello", "a", "sixteen letters!", "über"];
  const images = Float32Array.from(texts.flatMap((text) => [...textBytes(text, { bytes: BYTES, lowercase: true })]));
  const logits = await classifier.logits(images, texts.length);
  await classifier.release();
  const table = values["embedding.weight"]!;
  const [weight, bias] = [values["fc.weight"]!, values["fc.bias"]!];
  for (const [t, text] of texts.entries()) {
    const rows = rowsOf(text);
    const pooled = Array.from({ length: EMBEDDING }, (_, e) => {
      return rows.reduce((sum, row) => sum + table[row * EMBEDDING + e]!, 0) / Math.sqrt(rows.length);
    });
    for (let k = 0; k < CLASSES; k++) {
      const wanted = pooled.reduce((sum, value, e) => sum + value * weight[k * EMBEDDING + e]!, bias[k]!);
      expect(logits[t * CLASSES + k]).toBeCloseTo(wanted, 5);
    }
  }
});

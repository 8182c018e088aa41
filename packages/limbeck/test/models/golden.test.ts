import { readFileSync } from "node:fs";
import { sizeOf } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { tensorsOf } from "../../src/models/model.js";
import { Classifier } from "../../src/teachers/classifier.js";

interface Golden {
  readonly model: ModelChoice;
  /** The largest value of the images. */
  readonly largest: number;
  /** PyTorch's state_dict. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** [2, 5], in double precision. */
  readonly logits: readonly number[];
}

const GEOMETRY = { channels: 3, height: 16, width: 16 };
const golden: Golden[] = JSON.parse(readFileSync(new URL("../golden/models.json", import.meta.url), "utf8"));

/** The same numbers as in make_models.py. */
function valuesOf(name: string, shape: readonly number[], place: number): Float32Array {
  const scale = Math.sqrt(3 / sizeOf(shape.slice(1)));
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const wave = Math.sin(0.7 * place + 1.3 * i);
    if (name.endsWith("running_var")) return 1.25 + 0.75 * wave;
    if (shape.length > 1) return wave * scale;
    return name.endsWith(".weight") ? 1 + 0.3 * wave : 0.3 * wave;
  });
}

const images = Float32Array.from(
  { length: 2 * 3 * 16 * 16 },
  (_, i) => 0.5 + 0.5 * Math.sin(0.37 * i + 0.0011 * i * i),
);

describe.each(golden)("$model", ({ model: choice, largest, shapes, logits }) => {
  const model = buildModel(choice, GEOMETRY, 5);

  it("has PyTorch's names and shapes", () => {
    expect(Object.fromEntries(tensorsOf(model).map(({ name, shape }) => [name, shape]))).toEqual(shapes);
  });

  it("answers as PyTorch does, as it is trained and exported", async () => {
    const names = Object.keys(shapes).sort();
    const values = Object.fromEntries(names.map((name, i) => [name, valuesOf(name, shapes[name]!, i)]));
    const evaluation = await Classifier.ofModel(model, GEOMETRY, 1);
    evaluation.setValues(model, values);
    const exported = await Classifier.load(toOnnxModel(model, GEOMETRY, values), GEOMETRY, 1);
    const scale = Math.max(1, ...logits.map(Math.abs));
    for (const classifier of [evaluation, exported]) {
      const found = await classifier.logits(
        images.map((value) => largest * value),
        2,
      );
      logits.forEach((logit, i) => {
        expect(Math.abs(found[i]! - logit)).toBeLessThan(1e-4 * scale);
      });
      await classifier.release();
    }
  });
});

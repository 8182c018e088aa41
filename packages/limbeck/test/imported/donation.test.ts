import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readWeights } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { giftsOf, shapesOf, withGifts } from "../../src/imported/donation.js";
import { readDonor } from "../../src/imported/donor-file.js";
import { initialOptions } from "../../src/imported/initial-options.js";
import { renamer } from "../../src/imported/layer-map.js";
import { constant } from "../../src/models/initial.js";
import { initialize, type Model } from "../../src/models/model.js";
import { writeSafetensors } from "../../src/support/safetensors.js";
import { temporaryFolder } from "../runs/harness.js";
import { numbers, writeNetwork } from "./files.js";

const model = (tensors: Record<string, number[]>, buffers: Record<string, number[]> = {}): Model => {
  const specs = (shapes: Record<string, number[]>) =>
    Object.entries(shapes).map(([name, shape]) => ({ name, shape, init: constant(0) }));
  return {
    family: "test",
    parameters: specs(tensors),
    buffers: specs(buffers),
    forward: () => {
      throw new Error("not run");
    },
  };
};

const donate = (student: Model, donor: Record<string, number[]>, layers?: Record<string, string>) => {
  const options = initialOptions.parse({ from: "teacher", ...(layers ? { layers } : {}) });
  return giftsOf(student, shapesOf(model(donor)), options);
};

describe("names of layers", () => {
  it.each([
    ["layer1.*", "stage.*", "layer1.0.weight", "stage.0.weight"],
    ["layer1.*", "stage.*", "layer2.0.weight", undefined],
    ["*.blocks.{i}.*", "*.{i}.*", "encoder.blocks.7.fc.bias", "encoder.7.fc.bias"],
    ["blocks.{2i}.*", "blocks.{i}.*", "blocks.4.w", "blocks.2.w"],
    ["blocks.{2i}.*", "blocks.{i}.*", "blocks.5.w", undefined],
    ["blocks.{2i+1}.*", "blocks.{i}.*", "blocks.5.w", "blocks.2.w"],
    ["blocks.{3i-1}", "b{i+4}", "blocks.5", "b6"],
    ["blocks.{i+3}", "b{i}", "blocks.2", undefined],
    ["a{i}.b{i}", "c{i}", "a3.b3", "c3"],
    ["a{i}.b{i}", "c{i}", "a3.b4", undefined],
    ["w(1).x", "y", "w(1).x", "y"],
  ])("%s: %s makes of %s", (donor, student, name, expected) => {
    expect(renamer(donor, student)(name)).toBe(expected);
  });

  it.each([
    [{ "layer1.*": "layer1.weight" }, /has 1 \*, and "layer1\.weight" 0/],
    [{ layer1: "layer{i}" }, /counts with \{i\}/],
    [{ "a{0i}": "b{i}" }, /never counts/],
    [{}, /names no layer/],
  ])("%j is no rule", (layers, message) => {
    expect(initialOptions.safeParse({ from: "teacher", layers }).error!.issues[0]!.message).toMatch(message);
  });
});

describe("a donor gives", () => {
  it("tensors of equal names, unless told otherwise; those that the student lacks are left", () => {
    const gifts = donate(model({ a: [2], b: [3] }, { mean: [3] }), { a: [2], mean: [3], c: [9] });
    expect(gifts.map(({ donor, student }) => [donor, student.name])).toEqual([
      ["a", "a"],
      ["mean", "mean"],
    ]);
  });

  it("the first outputs and inputs of wider layers", () => {
    const student = model({ conv: [2, 2, 1, 3], bias: [2], left: [1] });
    const gifts = donate(student, { conv: [3, 4, 1, 3], bias: [5] }, { conv: "conv", bias: "bias" });
    const values = { conv: Float32Array.from({ length: 36 }, (_, i) => i), bias: Float32Array.of(5, 6, 7, 8, 9) };
    const first = initialize(withGifts(student, gifts, values), 1);
    expect([...first.conv!]).toEqual([0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17]);
    expect([...first.bias!]).toEqual([5, 6]);
    expect([...first.left!]).toEqual([0]);
  });

  it("numbers that a training cannot change in the donor", () => {
    const student = model({ a: [2] });
    const started = withGifts(student, donate(student, { a: [2] }), { a: Float32Array.of(1, 2) });
    initialize(started, 1).a!.fill(9);
    expect([...initialize(started, 2).a!]).toEqual([1, 2]);
  });

  it.each([
    [{ "lyer1.*": "layer1.*" }, /the donor has no tensor "lyer1\.\*"; did you mean "layer1\.w"\?/],
    [{ "layer1.*": "stage.*" }, /the student has none of stage\.w/],
    [{ "layer1.*": "layer1.*", "*": "*" }, /layer1\.w would start from layer1\.w and layer1\.w/],
    [{ narrow: "layer1.w" }, /narrow \[1,2\] does not give layer1\.w \[2,2\]/],
    [{ deep: "layer1.w" }, /deep \[2,2,1\] does not give layer1\.w \[2,2\]/],
    [{ kernel: "conv" }, /kernel \[2,2,5\] does not give conv \[2,2,3\]/],
  ])("nothing by %j", (layers, message) => {
    const donor = { "layer1.w": [2, 2], narrow: [1, 2], deep: [2, 2, 1], kernel: [2, 2, 5] };
    expect(() => donate(model({ "layer1.w": [2, 2], conv: [2, 2, 3] }), donor, layers)).toThrow(
      expect.objectContaining({ code: "MODEL_MISMATCH", where: "layers", message: expect.stringMatching(message) }),
    );
  });
});

describe("files of donors", () => {
  const folder = temporaryFolder();

  it("are ONNX: weights and running statistics by the file's names", () => {
    const path = writeNetwork(folder);
    const { shapes, values } = readDonor(path);
    expect(shapes.get("bn1.running_var")).toEqual([3]);
    expect(values["conv2.weight"]).toEqual(numbers(108, 4));
    expect([...readWeights(readFileSync(path)).keys()]).toEqual([...shapes.keys()]);
  });

  it("are safetensors, of which tensors of other types are left", () => {
    const path = join(folder, "a.safetensors");
    const tensors = {
      a: { dtype: "float32" as const, shape: [1, 2], data: Float32Array.of(1, 2) },
      steps: { dtype: "int64" as const, shape: [1], data: BigInt64Array.of(3n) },
    };
    writeSafetensors(path, { tensors, metadata: {} });
    expect([...readDonor(path).shapes]).toEqual([["a", [1, 2]]]);
  });

  it("are told where they are none", () => {
    expect(() => readDonor(join(folder, "none.onnx"))).toThrow(expect.objectContaining({ code: "FILE_MISSING" }));
    expect(() => readDonor(import.meta.filename)).toThrow(expect.objectContaining({ code: "MODEL_INVALID" }));
  });
});

import { expect, it } from "vitest";
import { openNetwork } from "../../src/imported/network.js";
import { onnxModelOptions } from "../../src/imported/options.js";
import { schemeNamed } from "../../src/recipe/schemes/index.js";
import { wirings } from "../../src/schemes/index.js";
import { temporaryFolder } from "../runs/harness.js";
import { dataset } from "../schemes/fixture.js";
import { kdAndLabels, split, stepOf, train } from "../schemes/steps.js";
import { writeNetwork } from "./files.js";

const onnx = writeNetwork(temporaryFolder());
const labels = [{ loss: "cross-entropy", weight: 1, labelSmoothing: 0 }];

it.each([
  ["offline", labels],
  ["mutual", kdAndLabels(2)],
  ["kdcl", kdAndLabels(2)],
  ["mean-teacher", kdAndLabels(2)],
  ["one", kdAndLabels(2)],
  ["early-exits", kdAndLabels(2), { exits: ["maps"] }],
  ["dino", labels],
])("%s trains a network of a file, and its frozen numbers are in no state", async (name, terms, wanted = {}) => {
  const options = onnxModelOptions.parse({ onnx, trainable: ["conv2.*"], layout: "nchw" });
  const model = (await openNetwork(options, dataset)).model(dataset.classes);
  const given = { model, split, train, terms, seed: 3, options: schemeNamed(name).options.parse(wanted) as object };
  wirings[name]!.check(given);
  const job = wirings[name]!.job(given);
  expect(Object.keys(job.initial).some((tensor) => /conv1|bn1/.test(tensor))).toBe(false);
  const { report, after } = await stepOf(job);
  expect(report.loss).toBeGreaterThan(0);
  expect(after["conv2.weight"]).not.toEqual(job.initial["conv2.weight"]);
});

it("dino finds features of a network of a file without labels", async () => {
  const options = onnxModelOptions.parse({ onnx, trainable: ["conv2.*"], layout: "nchw" });
  const model = (await openNetwork(options, dataset)).model(dataset.classes);
  const small = schemeNamed("dino").options.parse({ batchSize: 4, locals: 1, prototypes: 8 }) as object;
  const given = { model, split, train, terms: labels, seed: 3, options: small };
  const { job, features } = wirings.dino!.pretraining!(given);
  expect(features.parameters.map(({ name }) => name).every((name) => name.startsWith("conv2."))).toBe(true);
  const { after } = await stepOf(job);
  expect(after["conv2.weight"]).not.toEqual(job.initial["conv2.weight"]);
});

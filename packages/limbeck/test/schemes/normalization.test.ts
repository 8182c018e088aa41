import { createGraph } from "@limbeck/graph";
import { expect, it } from "vitest";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { teacherForward } from "../../src/schemes/live-teacher.js";
import { normalizationOf } from "../../src/schemes/normalization.js";

const geometry = { channels: 1, height: 16, width: 16 };

function tapsOf(choice: ModelChoice) {
  const images = createGraph().input("images", "float32", [1, 1, 16, 16]);
  return teacherForward({ model: buildModel(choice, geometry, 3) }, images).taps;
}

it.each<[string, ModelChoice, string, string]>([
  ["a residual sum: its block's", { family: "resnet", depth: 14 }, "stage2.preact", "layer2.1.bn2"],
  ["one with a normalized shortcut", { family: "resnet", depth: 8 }, "stage3.preact", "layer3.0.bn2"],
  ["a plain layer", { family: "vgg", depth: 8, width: 0.1 }, "stage1.preact", "block0.1"],
  ["the next block's, where blocks begin with it", { family: "wrn", depth: 10 }, "stage1.preact", "block2.layer.0.bn1"],
  ["and the last one's", { family: "wrn", depth: 10 }, "stage3.preact", "bn1"],
])("the normalization behind a teacher's tap is found: %s", (_, choice, tap, name) => {
  const { weight, bias } = normalizationOf("ofd", tapsOf(choice)[tap]!);
  expect([weight.name, bias.name]).toEqual([`teacher/${name}.weight`, `teacher/${name}.bias`]);
});

it("is asked for where there is none", () => {
  const { stage2 } = tapsOf({ family: "resnet", depth: 8 });
  expect(() => normalizationOf("ofd", stage2!)).toThrow(expect.objectContaining({ code: "FEATURE_MISMATCH" }));
});

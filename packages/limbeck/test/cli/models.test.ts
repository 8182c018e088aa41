import { describe, expect, it } from "vitest";
import { modelFamilies } from "../../src/models/index.js";
import { limbeck } from "../runs/harness.js";

describe("limbeck models", () => {
  it("prints one JSON document of all models, at the images that each was made for", async () => {
    const { code, stdout, stderr } = await limbeck(["models", "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const models = JSON.parse(stdout);
    expect(new Set(models.map(({ family }: { family: string }) => family))).toEqual(
      new Set(modelFamilies.map(({ name }) => name)),
    );
    expect(models.find(({ name }: { name: string }) => name === "resnet20")).toEqual({
      name: "resnet20",
      family: "resnet",
      parameters: 278_324,
      macs: 40_818_944,
      flops: 82_317_924,
      description: "Residual network for small images: three stages of basic blocks.",
      options: { depth: 20 },
      input: [3, 32, 32],
      classes: 100,
    });
  });

  it("shows a table for other images, and says which models do not take them", async () => {
    const { code, stdout } = await limbeck(["models", "--input", "1x6x6", "--classes", "4"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^resnet8 +1x6x6\/4 +77,364 +[\d.]+ k +[\d.]+ M? *k? *{ family: resnet, depth: 8 }$/m);
    expect(stdout).toMatch(/^Not for such images: .*vgg8.*deit-tiny/m);
  });

  it.each([
    [["--input", "32x32"], /3x32x32/],
    [["--classes", "0"], /above 0/],
  ])("refuses %j", async (options, message) => {
    const { code, stderr } = await limbeck(["models", ...options]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

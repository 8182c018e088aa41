import { describe, expect, it } from "vitest";
import { losses } from "../../src/losses/index.js";
import { limbeck } from "../runs/harness.js";

describe("limbeck methods", () => {
  it("lists every loss on a screen of 80 columns", async () => {
    const { code, stdout, stderr } = await limbeck(["methods"]);
    expect([code, stderr]).toEqual([0, ""]);
    const unbroken = stdout.replaceAll(/\n {20,}/g, " ").split("\n");
    for (const { name, family, needs } of losses) {
      const line = unbroken.find((text) => text.startsWith(`${name} `));
      expect(line, name).toMatch(new RegExp(`${family} +${needs.join(", ")}$`));
    }
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("--json lists name, family, needs and source", async () => {
    const { stdout } = await limbeck(["methods", "--json"]);
    expect(JSON.parse(stdout)).toEqual(
      losses.map(({ name, family, needs, source }) => ({ name, family, needs, source })),
    );
  });

  it("tells all about one", async () => {
    const { stdout } = await limbeck(["methods", "kd"]);
    expect(stdout).toMatchInlineSnapshot(`
      "kd  response

      The student matches the teacher's softened class probabilities.

      formula
        T² times the Kullback-Leibler divergence of softmax(student / T) from
        softmax(teacher / T), summed over classes, averaged over samples

      options
        temperature: number above 0 (default 4). Softens both distributions; above 1,
          small probabilities count for more.

      usual term
        weight 1

      needs
        teacher logits

      when to use it
        The default wherever teacher and student have the same classes. With few
        classes, a tiny student or short training, temperatures of 1 to 4. With
        temperature 1, no labels, mixup and very long training it is function
        matching, which is a preset.

      source
        Hinton, Vinyals & Dean 2015, Distilling the Knowledge in a Neural Network,
        section 2

      in a recipe
        distill:
          - { loss: kd, temperature: 4, weight: 0.9 }
          - { loss: cross-entropy, weight: 0.1 }
      "
    `);
  });

  it("tells of presets: what they set, when, and how", async () => {
    expect((await limbeck(["methods"])).stdout).toContain("Presets: function-matching, tf-kd-self.");
    const { stdout } = await limbeck(["methods", "function-matching"]);
    for (const text of ["sets\n  distill: kd with temperature 1", "when to use it", "preset: function-matching"]) {
      expect(stdout).toContain(text);
    }
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    const { stdout: json } = await limbeck(["methods", "Function-Matching", "--json"]);
    expect(Object.keys(JSON.parse(json))).toEqual(["name", "description", "sets", "use", "source", "recipe"]);
    expect((await limbeck(["methods", "function-match"])).stderr).toContain("Did you mean function-matching?");
  });

  it("tells which losses are undefined for mixed images", async () => {
    expect((await limbeck(["methods", "dkd"])).stdout).toContain("undefined: not with mixup or cutmix");
    expect((await limbeck(["methods", "cross-entropy"])).stdout).not.toContain("undefined");
  });

  it("tells of usual weights and schedules", async () => {
    expect((await limbeck(["methods", "dkd"])).stdout).toContain("weight 1, schedule { kind: warm-up }");
    expect((await limbeck(["methods", "logit-standardization"])).stdout).toContain("weight 9");
  });

  it("--json tells all about one", async () => {
    const { stdout } = await limbeck(["methods", "skew-kl", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      name: "skew-kl",
      weight: 1,
      schedule: { kind: "constant" },
      options: [
        { name: "temperature", takes: "number above 0", default: 1 },
        { name: "skew", takes: "number above 0 below 1", default: 0.1 },
        { name: "reverse", takes: "true | false", default: false },
      ],
    });
  });

  it.each([
    ["dstt", "Did you mean dist?"],
    ["logit-standardisation", "Did you mean logit-standardization?"],
    ["zebra-crossing", "Name one of bounded-regression, "],
  ])("an unknown name: %s", async (name, fix) => {
    const { code, stdout, stderr } = await limbeck(["methods", name]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`OPTION_INVALID: there is no method ${name}`);
    expect(stderr).toContain(fix);
    expect(JSON.parse((await limbeck(["methods", name, "--json"])).stdout)).toMatchObject({
      status: "failed",
      error: { code: "OPTION_INVALID", value: name },
    });
  });
});

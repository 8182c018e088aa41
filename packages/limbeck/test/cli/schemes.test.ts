import { describe, expect, it } from "vitest";
import { schemes } from "../../src/recipe/schemes/index.js";
import { limbeck } from "../runs/harness.js";

describe("limbeck schemes", () => {
  it("lists every scheme with what it needs, on a screen of 80 columns", async () => {
    const { code, stdout, stderr } = await limbeck(["schemes"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const { name, needs } of schemes) expect(stdout).toMatch(new RegExp(`^${name} +${needs.join(", ")} `, "m"));
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("--json lists name, needs, description and source, and all about one", async () => {
    const listed = schemes.map(({ name, needs, description, source }) => ({ name, needs, description, source }));
    expect(JSON.parse((await limbeck(["schemes", "--json"])).stdout)).toEqual(listed);
    expect(JSON.parse((await limbeck(["schemes", "mutual", "--json"])).stdout)).toMatchObject({
      ...listed.find(({ name }) => name === "mutual"),
      gives: ["labels", "teacher logits"],
      options: [{ name: "peers", takes: "list of: record" }],
    });
  });

  it("tells all about one", async () => {
    const { stdout } = await limbeck(["schemes", "Mutual"]);
    for (const text of [
      "mutual  scheme",
      "wiring\n  one training graph",
      "options\n  peers: ",
      "  scheme:\n    name: mutual",
    ]) {
      expect(stdout).toContain(text);
    }
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("an unknown name", async () => {
    const { code, stderr } = await limbeck(["schemes", "mutal"]);
    expect(code).toBe(2);
    expect(stderr).toContain("OPTION_INVALID: there is no scheme mutal");
    expect(stderr).toContain("Did you mean mutual?");
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exportStudent } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { RunFolder } from "../../src/runs/folder.js";
import { temporaryFolder } from "../runs/harness.js";
import { digitsRun } from "./fixture.js";

describe("a model that learned beside the student", () => {
  let runDir: string;
  beforeAll(async () => {
    runDir = await digitsRun({
      teacher: undefined,
      scheme: {
        name: "mutual",
        peers: [
          { family: "mlp", hidden: [16] },
          { family: "lenet", width: 0.5 },
        ],
      },
    });
  });

  async function exported(peer: string) {
    const { folder } = await exportStudent(runDir, { out: temporaryFolder(), playground: false, peer });
    const read = (file: string) => readFileSync(join(folder, file), "utf8");
    return { card: read("README.md"), config: JSON.parse(read("config.json")) };
  }

  it("is exported in its place, with its own results", async () => {
    const { card, config } = await exported("peer3");
    const { peers } = RunFolder.open(runDir).readRun().results as { peers: { errors: number[]; parameters: number }[] };
    expect(card).toContain("The student here is `peer3`, which learned beside the recipe's.");
    expect(card).toContain(peers[1]!.parameters.toLocaleString("en-US"));
    expect(card).not.toContain("| baseline"); // another network than this one
    expect(JSON.stringify(config)).toContain("lenet");
  });

  it("is chosen for its errors where the best is asked for, and the card says so", async () => {
    const { card } = await exported("best");
    const { student, peers } = RunFolder.open(runDir).readRun().results as Record<string, never>;
    const fewest = Math.min(...[student, ...(peers as { errors: number[] }[])].map(({ errors }) => errors[0]!));
    expect(card).toContain("as none of 3 models makes fewer");
    expect(card).toContain(`${fewest} test errors`);
  });

  it.each([
    ["peer4", /Use peer2, peer3, best/],
    ["../student", /Use peer2/],
  ])("is one of those that there are, not %s", async (peer, fix) => {
    await expect(exported(peer)).rejects.toMatchObject({ code: "OPTION_INVALID", fix: expect.stringMatching(fix) });
  });
});

it("is refused where nothing learned beside the student", async () => {
  const runDir = await digitsRun({ baseline: false, seeds: 1 });
  await expect(exportStudent(runDir, { peer: "best" })).rejects.toMatchObject({ code: "OPTION_INVALID" });
});

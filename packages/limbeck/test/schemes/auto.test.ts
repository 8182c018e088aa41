import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import type { TrainOptions } from "../../src/recipe/schema.js";
import { chooseTerms } from "../../src/schemes/auto/index.js";
import { checkOffline } from "../../src/schemes/offline.js";
import { LimbeckError } from "../../src/support/errors.js";

interface Setting {
  readonly perClass?: number;
  readonly classes?: number;
  /** Classes that the transfer set lacks. */
  readonly absent?: number;
  readonly batchSize?: number;
  readonly augment?: TrainOptions["augment"];
}

function datasetOf({ perClass = 10, classes = 4, absent = 0 }: Setting) {
  const present = classes - absent;
  const size = perClass * present;
  return {
    name: "blank",
    size,
    channels: 1,
    height: 16,
    width: 16,
    classes: Array.from({ length: classes }, (_, k) => `class ${k}`),
    pixels: new Uint8Array(size * 256),
    labels: Uint8Array.from({ length: size }, (_, i) => i % present),
  };
}

function choose(student: ModelChoice, teacher: ModelChoice, setting: Setting = {}) {
  const dataset = datasetOf(setting);
  const build = (choice: ModelChoice) => buildModel(choice, dataset, dataset.classes.length);
  const train = { epochs: 1, batchSize: setting.batchSize ?? 32, augment: setting.augment ?? [] } as TrainOptions;
  const pair = { student: build(student), teacher: build(teacher), split: wholeSplit(dataset), train };
  return { pair, ...chooseTerms(pair) };
}

const [small, large]: ModelChoice[] = [
  { family: "resnet", depth: 8 },
  { family: "resnet", depth: 14 },
];
const narrow = { family: "resnet", depth: 8, width: 0.25 };
const mlp = { family: "mlp", hidden: [8] };
const vit = { family: "vit", dim: 24, depth: 2, heads: 2 };

const cases: [string, ReturnType<typeof choose>, readonly string[], RegExp][] = [
  [
    "few samples",
    choose(small!, large!),
    ["logit-standardization", "cross-entropy", "cam", "at", "at", "at"],
    /10 samples of a class/,
  ],
  [
    "many samples",
    choose(small!, large!, { perClass: 200 }),
    ["logit-standardization", "cross-entropy", "srrl"],
    /1 \/ 64 channels and 5 \/ 4 classes/,
  ],
  [
    "a wide gap",
    choose(narrow, large!, { perClass: 200 }),
    ["dist", "cross-entropy", "srrl"],
    /35 times the student's weights/,
  ],
  [
    "a wide gap, small batches",
    choose(narrow, large!, { perClass: 200, batchSize: 8 }),
    ["logit-standardization", "cross-entropy", "srrl"],
    /batches of 32 or more; these have 8/,
  ],
  ["absent classes", choose(mlp, mlp, { absent: 1 }), ["kd", "pkt"], /lacks 1 of 4 classes/],
  ["two classes", choose(mlp, mlp, { classes: 2 }), ["kd", "cross-entropy", "pkt"], /of two classes/],
  [
    "networks of two kinds",
    choose({ family: "lenet" }, large!, { perClass: 200 }),
    ["logit-standardization", "cross-entropy", "pkt"],
    /compares samples/,
  ],
  ["small batches", choose(mlp, large!, { batchSize: 8 }), ["logit-standardization", "cross-entropy"], /scale/],
  [
    "transformers",
    choose(vit, { ...vit, dim: 36, heads: 3 }),
    ["logit-standardization", "cross-entropy", "minilm-relation", "minilm-relation", "minilm-relation"],
    /same tokens/,
  ],
];

describe("distill: auto", () => {
  it.each(cases)("%s", (_, { terms, reasons, pair }, names, reason) => {
    expect(terms.map(({ loss }) => loss)).toEqual(names);
    expect(reasons.join("\n")).toMatch(reason);
    expect(() =>
      checkOffline({ model: pair.student, liveTeacher: { model: pair.teacher }, ...pair, terms }),
    ).not.toThrow();
  });

  it("always chooses the same", () => {
    expect(choose(small!, large!).terms).toEqual(choose(small!, large!).terms);
  });

  it("takes AT's published weight for each size of maps", () => {
    const weights = choose(small!, large!).terms.flatMap(({ loss, weight, student }) =>
      loss === "at" ? [[student, weight]] : [],
    );
    expect(weights).toEqual([
      ["stage1", 3.91],
      ["stage2", 15.6],
      ["stage3", 62.5],
    ]);
  });

  it("leaves out what is undefined where images are mixed", () => {
    const { terms } = choose(small!, large!, { perClass: 200, augment: [{ name: "mixup" }] });
    expect(terms.map(({ loss }) => loss)).not.toContain("dkd");
    expect(terms.map(({ loss }) => loss)).toContain("cross-entropy");
  });

  it("finds heads that divide both widths", () => {
    const { terms } = choose({ ...vit, dim: 20 }, { ...vit, dim: 30, heads: 3 });
    expect(terms[2]).toMatchObject({ heads: 10, student: "block2.queries", teacher: "block2.queries" });
  });

  it("uses the answers alone of a teacher that cannot be looked into", () => {
    const { pair } = choose(small!, large!);
    const forward = () => {
      throw new LimbeckError("TEACHER_MISMATCH", "one image at a time");
    };
    const { terms, reasons } = chooseTerms({ ...pair, teacher: { ...pair.teacher, forward } });
    expect(terms.map(({ loss }) => loss)).toEqual(["logit-standardization", "cross-entropy"]);
    expect(reasons[1]).toMatch(/one image at a time/);
  });
});

it("learns from specialists among their own classes, and from labels which classes are whose", () => {
  const { pair } = choose(small!, large!);
  const { terms, reasons } = chooseTerms({ ...pair, hasSpecialists: true });
  expect(terms.map(({ loss }) => loss)).toEqual(["restricted-kd", "cross-entropy"]);
  expect(reasons).toHaveLength(1);
});

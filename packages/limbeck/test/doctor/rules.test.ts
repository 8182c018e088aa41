import { randomStream } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { adviceOn } from "../../src/doctor/advice.js";
import type { AnswerFacts, Findings, StudentFacts } from "../../src/doctor/facts.js";
import { answerFacts } from "../../src/doctor/measure.js";
import { RULES } from "../../src/doctor/rules/index.js";
import { parseTerms, type TrainOptions } from "../../src/recipe/schema.js";

const CLASSES = 10;

/** Answers of which the true class is ahead by `gap` and the others differ by `tail`; some have no winner. */
function answers({ gap, tail, unsure = 0.05 }: { gap: number; tail: number; unsure?: number }): AnswerFacts {
  const random = randomStream(7);
  const bell = () => (random.uniform() + random.uniform() + random.uniform() - 1.5) * 2;
  const labels = Uint8Array.from({ length: 1000 }, (_, i) => i % CLASSES);
  const logits = new Float32Array(1000 * CLASSES);
  labels.forEach((label, row) => {
    const lead = random.uniform() < unsure ? gap * 0.3 * random.uniform() : gap + bell() * tail;
    for (let k = 0; k < CLASSES; k++) logits[row * CLASSES + k] = bell() * tail + (k === label ? lead : 0);
  });
  return answerFacts({ logits, classes: CLASSES, labels });
}

/** As measured on a small network that read digits, without and with labels smoothed by 0.1. */
const PLAIN = answers({ gap: 11, tail: 3 });
const SMOOTH = answers({ gap: 4.5, tail: 0.7 });

const TRAIN = { epochs: 100, batchSize: 50 } as TrainOptions;
const FINE: Findings = {
  classes: CLASSES,
  teacher: {
    family: "mlp",
    parameters: 1000,
    macs: 1000,
    transfer: { ...PLAIN, accuracy: 0.98, relativeEntropy: 0.08 },
    heldOut: { ...PLAIN, accuracy: 0.96, confidence: 0.95, ece: 0.01 },
    temperature: { lowest: 1, suggested: 2, highest: 5 },
    isMixed: false,
  },
  student: { family: "mlp", parameters: 100, macs: 100 },
  transferSet: {
    samples: 2000,
    absent: [],
    largest: { name: "1", samples: 210 },
    smallest: { name: "5", samples: 190 },
  },
  duplicates: { tested: 1000, equal: 0, near: 0, reason: null, flat: 0, worst: [] },
  labels: {
    train: { asked: 0, note: null, doubted: 0, worst: [] },
    test: { asked: 1000, note: null, doubted: 10, worst: [] },
  },
  terms: parseTerms([{ loss: "kd", temperature: 4 }]),
  train: TRAIN,
  correctsBiases: false,
  trained: null,
  baselineAccuracy: null,
};
const TRAINED: StudentFacts = {
  agreement: { transfer: 0.97, heldOut: 0.95 },
  kl: { transfer: 0.1, heldOut: 0.2 },
  accuracy: { transfer: 0.96, heldOut: 0.94 },
  logitSpread: PLAIN.logitSpread,
  curve: Array.from({ length: 100 }, (_, i) => ({ epoch: i + 1, errors: 50 })),
};

type Deep<T> = {
  [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : T[K] extends object | null ? Deep<T[K]> : T[K];
};

/** Findings that differ from those of a fine pair. */
function findings(changes: Deep<Findings>, base: unknown = FINE): Findings {
  const merged = Object.entries(changes).map(([key, value]) => {
    const old = (base as Record<string, unknown>)[key];
    const isRecord = typeof value === "object" && value !== null && !Array.isArray(value) && old;
    return [key, isRecord ? findings(value as Deep<Findings>, old) : value];
  });
  return { ...(base as Findings), ...Object.fromEntries(merged) };
}

const trained = (changes: Deep<StudentFacts> = {}) =>
  findings({ trained: findings(changes as Deep<Findings>, TRAINED) as unknown as StudentFacts });
const rulesOf = (of: Findings) => adviceOn(of).map(({ rule }) => rule);
const terms = (...given: object[]) => parseTerms(given);
const heldOut = (changes: Partial<AnswerFacts>) => findings({ teacher: { heldOut: changes } });
const transfer = (changes: Partial<AnswerFacts>) => findings({ teacher: { transfer: changes } });
const falling = TRAINED.curve.map(({ epoch }) => ({ epoch, errors: 200 - epoch }));

describe("a pair without faults", () => {
  it("gets no advice, before and after training", () => {
    expect(adviceOn(FINE)).toEqual([]);
    expect(adviceOn(trained())).toEqual([]);
    expect(adviceOn(findings({ baselineAccuracy: 0.9 }))).toEqual([]);
  });
});

/** Hardly better than guessing, on images that it has seen as well. */
const POOR = findings({
  teacher: { transfer: { accuracy: 0.27 }, heldOut: { accuracy: 0.25, confidence: 0.25 } },
  terms: terms({ loss: "kd" }, { loss: "cross-entropy" }),
});

/** For each rule: findings in which it alone speaks, and what its sentence says. */
const CASES: readonly (readonly [string, Findings, RegExp])[] = [
  ["weak-teacher", POOR, /guessing on 10\.0%/],
  ["weak-teacher", findings({ baselineAccuracy: 0.965 }), /96\.5% .* without a teacher, and the teacher on 96\.0%/],
  ["label-smoothing", heldOut({ ...SMOOTH, accuracy: 0.96, ece: 0.01 }), /smoothed labels \(by about 0\.1\d\)/],
  ["calibration", heldOut({ ece: 0.1, confidence: 0.99 }), /overconfidence/],
  ["calibration", heldOut({ ece: 0.1, confidence: 0.86 }), /caution/],
  ["wrong-answers", transfer({ accuracy: 0.94 }), /6\.0% of the transfer set/],
  ["hard-answers", transfer({ relativeEntropy: 0.01 }), /temperature about 2/],
  ["known-images", heldOut({ accuracy: 0.92, confidence: 0.92 }), /98\.0%, and on 92\.0%/],
  ["temperature", findings({ terms: terms({ loss: "kd", temperature: 8 }) }), /equally likely.* 1 to 5; try 2/],
  ["temperature", findings({ teacher: { temperature: { lowest: 4.5, suggested: 7, highest: 20 } } }), /nearly labels/],
  ["capacity-gap", findings({ teacher: { parameters: 4000, macs: 3000 } }), /40 times .* 30 times its work/],
  ["capacity-gap", findings({ teacher: { parameters: 12_000 } }), /assistant/],
  ["out-of-reach", trained({ agreement: { transfer: 0.85, heldOut: 0.84 } }), /1\/10 of its weights/],
  ["logit-scale", trained({ logitSpread: PLAIN.logitSpread / 3 }), /3\.0 times/],
  ["overfitting", trained({ agreement: { transfer: 0.99, heldOut: 0.9 } }), /2,000 answers/],
  ["patience", findings({ train: { ...TRAIN, epochs: 20 } }), /800 steps/],
  ["patience", trained({ curve: falling }), /over the last quarter of 100 epochs/],
  ["absent-classes", findings({ transferSet: { samples: 2000, absent: ["3"] } }), /no image of 3: .*correctBiases/],
  ["imbalance", findings({ transferSet: { smallest: { samples: 21 } } }), /210 of 1 and 21 of 5, 10 times fewer/],
  ["shared-samples", findings({ duplicates: { equal: 30 } }), /30 of 1,000 held-out samples \(3\.0%\)/],
  ["near-duplicates", findings({ duplicates: { near: 12 } }), /12 of 1,000 held-out images \(1\.2%\)/],
  [
    "label-noise",
    findings({ labels: { test: { doubted: 25 } } }),
    /contradicts 25 of 1,000 labels \(2\.5%\) of held-out/,
  ],
  [
    "absent-classes",
    findings({ transferSet: { samples: 2000, absent: ["3"] }, terms: terms({ loss: "cross-entropy" }) }),
    /never occur/,
  ],
];

describe("rules", () => {
  it.each(CASES)("%s speaks alone where it should", (rule, of, sentence) => {
    expect(rulesOf(of)).toEqual([rule]);
    expect(adviceOn(of)[0]!.sentence).toMatch(sentence);
    expect(adviceOn(of)).toEqual(adviceOn(of));
  });

  it("are all covered here, have names of their own and a source", () => {
    expect(new Set(CASES.map(([rule]) => rule))).toEqual(new Set(RULES.map(({ name }) => name)));
    for (const { when, source } of RULES) {
      expect(when).toMatch(/\.$/);
      expect(source).not.toBe("");
    }
  });
});

describe("what quiets a rule", () => {
  it.each([
    ["dist bridges a gap", findings({ teacher: { parameters: 4000 }, terms: terms({ loss: "dist" }) })],
    [
      "labels put wrong answers right",
      findings({ teacher: { transfer: { accuracy: 0.94 } }, terms: terms({ loss: "kd" }, { loss: "cross-entropy" }) }),
    ],
    [
      "a temperature of standardized logits is another",
      findings({ terms: terms({ loss: "logit-standardization", temperature: 9 }) }),
    ],
    ["corrected biases", findings({ transferSet: { samples: 2000, absent: ["3"] }, correctsBiases: true })],
  ])("%s", (_, of) => expect(adviceOn(of)).toEqual([]));
});

describe("signs of label smoothing", () => {
  const speaks = (facts: AnswerFacts) => rulesOf(findings({ teacher: { heldOut: facts } })).includes("label-smoothing");

  it("are told from plain training, however well it went", () => {
    expect(speaks(SMOOTH)).toBe(true);
    expect(speaks(PLAIN)).toBe(false);
    // Stopped after one epoch: unsure as well, but it knows which classes are alike.
    expect(speaks(answers({ gap: 6.4, tail: 2.2, unsure: 0.3 }))).toBe(false);
  });

  it("are told as those of mixed images where the recipe says so", () => {
    const of = findings({ teacher: { heldOut: SMOOTH, isMixed: true } });
    expect(adviceOn(of)[0]!.sentence).toContain("mixed images, which its recipe says");
  });
});

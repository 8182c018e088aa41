import { describe, expect, it } from "vitest";
import { adviceOn } from "../../src/doctor/advice.js";
import type { EmbeddingFindings, EmbeddingStudentFacts } from "../../src/doctor/embedding/facts.js";
import { EMBEDDING_RULES } from "../../src/doctor/embedding/rules/index.js";
import { ANSWER } from "../../src/losses/answer-tap.js";
import { parseTerms, type TrainOptions } from "../../src/recipe/schema.js";

/** A term that compares the two embeddings. */
const answering = (loss: string) => parseTerms([{ loss, student: ANSWER, teacher: ANSWER }]);

const vectors = { samples: 500, toMean: 0.3 };
const FINE: EmbeddingFindings = {
  task: "embedding",
  teacher: { family: "onnx", parameters: 1000, macs: 1000, dimensions: 8, transfer: vectors, heldOut: vectors },
  student: { family: "mlp", parameters: 100, macs: 100, dimensions: 8 },
  transferSet: { samples: 2000 },
  duplicates: { tested: 1000, equal: 0, near: 0, reason: null, flat: 0, worst: [] },
  terms: answering("cosine"),
  train: { epochs: 100, batchSize: 50 } as TrainOptions,
  chance10: { transfer: 0.01, heldOut: 0.02 },
  trained: null,
};
const TRAINED: EmbeddingStudentFacts = {
  cosine: { transfer: 0.92, heldOut: 0.9 },
  relativeError: { transfer: 0.2, heldOut: 0.3 },
  recall10: { transfer: 0.6, heldOut: 0.5 },
  heldOut: vectors,
  curve: Array.from({ length: 100 }, (_, i) => ({ epoch: i + 1, cosine: 0.9 })),
};
const findings = (changes: Partial<EmbeddingFindings>): EmbeddingFindings => ({ ...FINE, ...changes });
const trained = (changes: Partial<EmbeddingStudentFacts>) => findings({ trained: { ...TRAINED, ...changes } });
const together = findings({ teacher: { ...FINE.teacher, heldOut: { samples: 500, toMean: 0.8 } } });
const rising = TRAINED.curve.map(({ epoch }) => ({ epoch, cosine: 0.5 + epoch / 250 }));

/** For each rule: findings in which it alone speaks, and what its sentence says. */
const CASES: readonly (readonly [string, EmbeddingFindings, RegExp])[] = [
  ["common-direction", together, /mean has a cosine of 0\.800/],
  ["no-better-than-mean", trained({ cosine: { transfer: 0.32, heldOut: 0.31 } }), /0\.310 to the teacher's/],
  ["no-better-than-mean", trained({ cosine: null, recall10: { transfer: 0.1, heldOut: 0.02 } }), /than guessing/],
  ["overfitting", trained({ cosine: { transfer: 0.97, heldOut: 0.9 } }), /0\.970 .* 0\.900 .* 2,000 answers/],
  ["patience", trained({ curve: rising }), /over the last 25\.0% of 100 epochs/],
  ["shared-samples", findings({ duplicates: { ...FINE.duplicates, equal: 30 } }), /30 of 1,000/],
  ["near-duplicates", findings({ duplicates: { ...FINE.duplicates, near: 12 } }), /12 of 1,000/],
];

describe("rules for embeddings", () => {
  it("say nothing of a pair without faults, before and after training", () => {
    expect(adviceOn(FINE)).toEqual([]);
    expect(adviceOn(trained({}))).toEqual([]);
    expect(adviceOn({ ...together, terms: answering("pkt") })).toEqual([]);
  });

  it.each(CASES)("%s speaks alone where it should", (rule, of, sentence) => {
    expect(adviceOn(of).map((advice) => advice.rule)).toEqual([rule]);
    expect(adviceOn(of)[0]!.sentence).toMatch(sentence);
  });

  it("are all covered here", () => {
    expect(new Set(CASES.map(([rule]) => rule))).toEqual(new Set(EMBEDDING_RULES.map(({ name }) => name)));
    for (const { when } of EMBEDDING_RULES) expect(when).toMatch(/\.$/);
  });
});

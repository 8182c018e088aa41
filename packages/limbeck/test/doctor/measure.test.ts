import { randomStream } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { answerFacts, logitSpread, relativeEntropy, temperatureFacts } from "../../src/doctor/measure.js";

const CLASSES = 4;

describe("what answers are like", () => {
  it("is told in figures that can be worked out by hand", () => {
    const logits = Float32Array.of(Math.log(4), 0, 0, 0, 0, Math.log(4), 0, 0, 2, 2, 2, 2);
    const facts = answerFacts({ logits, classes: CLASSES, labels: Uint8Array.of(0, 2, 0) });
    const [p, rest] = [4 / 7, 1 / 7];
    const entropy = -(p * Math.log(p) + 3 * rest * Math.log(rest));
    expect(facts.samples).toBe(3);
    expect(facts.accuracy).toBeCloseTo(2 / 3, 6);
    expect(facts.confidence).toBeCloseTo((2 * p + 0.25) / 3, 6);
    expect(facts.middle).toBeCloseTo(p, 6);
    expect(facts.entropy).toBeCloseTo((2 * entropy + Math.log(4)) / 3, 6);
    expect(facts.relativeEntropy).toBeCloseTo(facts.entropy / Math.log(4), 6);
    expect(facts.logitSpread).toBeCloseTo((2 * (Math.log(4) / 2) + 0) / 3, 6);
    expect(facts.tailSpread).toBe(0);
  });

  it("does not depend on a shift, and spread grows with scale", () => {
    const random = randomStream(1);
    const logits = Float32Array.from({ length: 40 * CLASSES }, () => random.uniform() * 4);
    const labels = new Uint8Array(40);
    const facts = answerFacts({ logits, classes: CLASSES, labels });
    const shifted = answerFacts({ logits: logits.map((z) => z + 8), classes: CLASSES, labels });
    for (const [name, value] of Object.entries(facts)) expect(shifted[name as "ece"]).toBeCloseTo(value!, 5);
    expect(
      logitSpread(
        logits.map((z) => 3 * z),
        CLASSES,
      ),
    ).toBeCloseTo(3 * facts.logitSpread, 4);
  });

  it("has no tail with two classes", () => {
    expect(answerFacts({ logits: Float32Array.of(1, 0), classes: 2, labels: Uint8Array.of(0) }).tailSpread).toBeNull();
  });
});

describe("temperatures", () => {
  const random = randomStream(2);
  const logits = Float32Array.from({ length: 300 * CLASSES }, (_, i) => random.uniform() * 6 + (i % 5 === 0 ? 12 : 0));

  it("make entropy what it is to be", () => {
    const { lowest, suggested, highest } = temperatureFacts(logits, CLASSES);
    for (const [temperature, share] of [
      [suggested, 0.3],
      [highest, 0.75],
    ] as const) {
      expect(Math.abs(relativeEntropy(logits, CLASSES, temperature) - share)).toBeLessThan(0.02);
    }
    expect(lowest).toBeLessThan(suggested);
  });

  it("are never below 1, and grow with the logits", () => {
    expect(
      temperatureFacts(
        logits.map((z) => z / 50),
        CLASSES,
      ),
    ).toEqual({ lowest: 1, suggested: 1, highest: 1 });
    const [one, two] = [
      temperatureFacts(logits, CLASSES),
      temperatureFacts(
        logits.map((z) => 2 * z),
        CLASSES,
      ),
    ];
    expect(Math.abs(two.highest / one.highest - 2)).toBeLessThan(0.1);
  });
});

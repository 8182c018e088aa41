import { describe, expect, it } from "vitest";
import type { VariantResult } from "../../src/evaluate/results.js";
import { patienceFindings, patienceMattered, schedules } from "../../src/report/patience.js";
import { comparison, model, reportData, teacher } from "./fixture.js";

type Arms = readonly [student: readonly number[], baseline: readonly number[], p: number | null];

const NOT_CORRECTED = { description: "", corrected: null } as const;

function variant(epochs: number, arms: Arms, transferSize = 60_000): VariantResult {
  return {
    ...comparison(...arms),
    ...NOT_CORRECTED,
    name: `epochs-${epochs}`,
    epochs,
    transferSize,
    onlyEpochsDiffer: transferSize === 60_000,
  };
}

function run(short: Arms, long: Arms, ...more: readonly VariantResult[]) {
  const results = { ...comparison(...long), teacher: teacher(), variants: [variant(60, short), ...more] };
  return schedules(reportData({ results }));
}

const HELPS: Arms = [[90, 92], [120, 122], 0.001];
const HELPS_LESS: Arms = [[110, 112], [120, 122], 0.02];
const HURTS: Arms = [[133, 135], [130, 132], 0.4];
const NOTHING: Arms = [[130, 132], [131, 131], 1];

describe("schedules", () => {
  it("takes variants that differ in epochs only, shortest first", () => {
    const odd = [variant(20, HURTS, 1000), variant(300, HURTS, 999), variant(600, HELPS)];
    expect(run(HURTS, HELPS, ...odd).map(({ epochs, main }) => [epochs, main])).toEqual([
      [60, false],
      [300, true],
      [600, false],
    ]);
  });

  it("is empty where the main run stands alone", () => {
    expect(schedules(reportData({ results: { ...reportData().results, variants: [] } }))).toEqual([]);
  });
});

describe("findings", () => {
  const cases: readonly (readonly [string, Arms, Arms, string, boolean])[] = [
    ["pays off late", HURTS, HELPS, "On average, distillation paid off only on the long schedule.", true],
    ["grows", HELPS_LESS, HELPS, "On average, distillation helped on both schedules, and more on the long one.", true],
    ["shrinks", HELPS, HELPS_LESS, "here, more epochs did not add to its advantage.", false],
    ["vanishes", HELPS, HURTS, "with more epochs the baseline caught up.", false],
    ["never came", HURTS, HURTS, "On average, distillation helped on neither schedule.", false],
    ["rises from nothing", NOTHING, HELPS, "On average, distillation paid off only on the long schedule.", true],
  ];
  it.each(cases)("a gain that %s", (_, short, long, words, mattered) => {
    const all = run(short, long);
    expect(patienceFindings(all).join(" ")).toContain(words);
    expect(patienceMattered(all)).toBe(mattered);
  });

  it("states the figures, and an equal number as equal", () => {
    expect(patienceFindings(run(NOTHING, HELPS))[0]).toMatch(
      /^With 60 epochs the student made as many errors as the baseline \(within the noise, p.=.1.0\)\. With 300 epochs it made 30 fewer errors than/,
    );
  });

  it("warns where a gain may be chance, and where the noise is unknown", () => {
    expect(patienceFindings(run(HURTS, [[90, 150], [120, 140], 0.7]))[1]).toContain("may still be chance");
    const single = patienceFindings(run([[130], [128], null], [[90], [120], null]));
    expect(single[0]).toContain("2 more errors than the baseline (too few seeds to know the noise)");
    expect(single[1]).toContain("may still be chance");
  });

  it("tells the student's own errors where there is no baseline", () => {
    const alone = { baseline: null, verdict: null };
    const short = {
      ...alone,
      ...NOT_CORRECTED,
      student: model([130]),
      name: "short",
      epochs: 60,
      transferSize: 60_000,
      onlyEpochsDiffer: true,
    };
    const results = { ...alone, student: model([90]), teacher: teacher(), variants: [short] };
    const all = schedules(reportData({ results }));
    expect(patienceFindings(all)).toEqual([
      "The student made 130 errors after 60 epochs, 90 errors after 300 epochs. " +
        "Without a baseline for them, what distillation did to that cannot be told.",
    ]);
    expect(patienceMattered(all)).toBe(false);
  });
});

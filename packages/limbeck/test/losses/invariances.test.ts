import { describe, expect, it } from "vitest";
import { losses } from "../../src/losses/index.js";
import { evaluateLoss, type GoldenLoss, type GoldenTensor } from "./golden.js";

type Inputs = Pick<
  GoldenLoss,
  | "studentLogits"
  | "teacherLogits"
  | "labels"
  | "targets"
  | "partnerLogits"
  | "progress"
  | "sampleIndices"
  | "sampleCount"
  | "buffers"
>;

const tensor = (rows: readonly (readonly number[])[]): GoldenTensor => ({
  shape: [rows.length, rows[0]!.length],
  data: rows.flat(),
});

const STUDENT = [
  [1, 2, 3, -1],
  [0.5, -2, 0, 1],
  [2, 2.5, -1, 0],
];
const TEACHER = [
  [0, 4, 1, -2],
  [3, -1, 1, 2],
  [-1, 2, 0, 5],
];
const LABELS = [1, 0, 3];

const inputsOf = (student: readonly number[][], teacher: readonly number[][], labels = LABELS): Inputs => ({
  studentLogits: tensor(student),
  teacherLogits: tensor(teacher),
  labels,
  targets: tensor(teacher.map((row) => row.map((z) => z / 2))),
  partnerLogits: tensor(teacher),
  progress: 0.5,
  sampleIndices: [...teacher.keys()],
  sampleCount: teacher.length,
  buffers: { predictions: tensor(teacher.map(softmax)) },
});

function softmax(row: readonly number[]): number[] {
  const powers = row.map((z) => Math.exp(z - Math.max(...row)));
  return powers.map((power) => power / powers.reduce((sum, other) => sum + other, 0));
}

const evaluate = (loss: string, inputs: Inputs, options: GoldenLoss["options"] = {}) =>
  evaluateLoss({ name: "", loss, options, ...inputs });

const lossOf = async (loss: string, inputs: Inputs, options?: GoldenLoss["options"]) =>
  (await evaluate(loss, inputs, options)).value;

const map = (rows: readonly number[][], change: (z: number) => number) => rows.map((row) => row.map(change));
const reversed = (rows: readonly number[][]) => rows.map((row) => [...row].reverse());
const huge = (rows: readonly number[][]) => map(rows, (z) => 1e4 * z);
const flat = (rows: readonly number[][]) => map(rows, () => 0.3);

const responses = losses.filter(({ family }) => family === "response").map(({ name }) => name);

describe.each(responses)("%s", (loss) => {
  it("does not depend on the order of classes", async () => {
    const turned = inputsOf(
      reversed(STUDENT),
      reversed(TEACHER),
      LABELS.map((label) => 3 - label),
    );
    expect(await lossOf(loss, turned)).toBeCloseTo(await lossOf(loss, inputsOf(STUDENT, TEACHER)), 4);
  });

  it("does not depend on the order of samples", async () => {
    const turned = inputsOf([...STUDENT].reverse(), [...TEACHER].reverse(), [...LABELS].reverse());
    expect(await lossOf(loss, turned)).toBeCloseTo(await lossOf(loss, inputsOf(STUDENT, TEACHER)), 4);
  });

  // MLLD's Gram matrices grow with the batch, as in the published code.
  it.skipIf(loss === "mlld")("is averaged over samples (skipped where the method itself is not)", async () => {
    const twice = inputsOf([...STUDENT, ...STUDENT], [...TEACHER, ...TEACHER], [...LABELS, ...LABELS]);
    expect(await lossOf(loss, twice)).toBeCloseTo(await lossOf(loss, inputsOf(STUDENT, TEACHER)), 4);
  });

  it.each([
    ["equal logits of the student", flat(STUDENT), TEACHER],
    ["equal logits of the teacher", STUDENT, flat(TEACHER)],
    ["equal logits of both", flat(STUDENT), flat(TEACHER)],
    ["a certain student", huge(STUDENT), TEACHER],
    ["a certain teacher", STUDENT, huge(TEACHER)],
    ["certain opponents", huge(STUDENT), huge(map(STUDENT, (z) => -z))],
  ])("is finite, with a gradient of ordinary size, for %s", async (_, student, teacher) => {
    const { value, gradients } = await evaluate(loss, inputsOf(student, teacher));
    expect(Number.isFinite(value)).toBe(true);
    const scale = Math.max(1, ...student.flat().map(Math.abs), ...teacher.flat().map(Math.abs));
    for (const slope of gradients.logits!) expect(Math.abs(slope)).toBeLessThan(1000 * scale);
  });

  it("takes two classes, and one sample", async () => {
    const two = (rows: readonly number[][]) => rows.map((row) => row.slice(0, 2));
    const pairs = await evaluate(loss, inputsOf(two(STUDENT), two(TEACHER), [1, 0, 1]));
    const single = await evaluate(loss, inputsOf([STUDENT[0]!], [TEACHER[0]!], [1]));
    for (const { value, gradients } of [pairs, single]) {
      expect([value, ...gradients.logits!].every(Number.isFinite)).toBe(true);
    }
  });
});

describe("what a student that equals its teacher still has to learn", () => {
  const same = inputsOf(TEACHER, TEACHER);
  const matched = responses.filter(
    (name) =>
      !["cross-entropy", "hard-label", "nkd", "ttm", "bounded-regression", "ps-kd", "tf-kd-virtual"].includes(name),
  );
  it.each(matched)("is nothing, says %s", async (loss) => {
    const { value, gradients } = await evaluate(loss, same);
    expect(value).toBeCloseTo(0, 4);
    for (const slope of gradients.logits!) expect(slope).toBeCloseTo(0, 4);
  });
});

describe("logit standardization", () => {
  const plain = inputsOf(STUDENT, TEACHER);

  it("does not see shift and scale of either side", async () => {
    const value = await lossOf("logit-standardization", plain);
    const moved = inputsOf(
      map(STUDENT, (z) => 5 * z + 7),
      map(TEACHER, (z) => 0.25 * z - 3),
    );
    expect(await lossOf("logit-standardization", moved)).toBeCloseTo(value, 4);
  });

  it("has no gradient along shift and scale", async () => {
    const { gradients } = await evaluate("logit-standardization", plain);
    for (const [i, row] of STUDENT.entries()) {
      const slopes = gradients.logits!.slice(4 * i, 4 * i + 4);
      expect(slopes.reduce((sum, slope) => sum + slope, 0)).toBeCloseTo(0, 5);
      expect(slopes.reduce((sum, slope, k) => sum + slope * row[k]!, 0)).toBeCloseTo(0, 5);
    }
  });
});

describe("relations between losses", () => {
  const plain = inputsOf(STUDENT, TEACHER);
  const swapped = inputsOf(TEACHER, STUDENT);

  it("reverse KL is KD with the sides swapped", async () => {
    const reverse = await lossOf("reverse-kl", plain, { temperature: 2 });
    expect(reverse).toBeCloseTo(await lossOf("kd", swapped, { temperature: 2 }), 5);
  });

  it("skew KL in reverse is skew KL with the sides swapped", async () => {
    const reverse = await lossOf("skew-kl", plain, { reverse: true });
    expect(reverse).toBeCloseTo(await lossOf("skew-kl", swapped), 5);
  });

  it("skew KL is bounded by the logarithm of its share, KD is not", async () => {
    const opponents = inputsOf(huge(STUDENT), huge(map(STUDENT, (z) => -z)));
    expect(await lossOf("skew-kl", opponents)).toBeCloseTo(-Math.log(0.1), 4);
    expect(await lossOf("kd", opponents)).toBeGreaterThan(1000);
  });

  it("Jensen-Shannon is symmetric and at most log 2", async () => {
    expect(await lossOf("jensen-shannon", plain)).toBeCloseTo(await lossOf("jensen-shannon", swapped), 5);
    const opponents = inputsOf(huge(STUDENT), huge(map(STUDENT, (z) => -z)));
    expect(await lossOf("jensen-shannon", opponents)).toBeCloseTo(Math.LN2, 5);
  });

  it("TTM at temperature 1 is KD, weighted or not", async () => {
    const kd = await lossOf("kd", plain, { temperature: 1 });
    for (const weighted of [false, true]) {
      expect(await lossOf("ttm", plain, { temperature: 1, weighted })).toBeCloseTo(kd, 5);
    }
  });

  it("KD becomes logit MSE of centered logits at high temperatures, but for 2 K", async () => {
    const centered = (rows: readonly number[][]) =>
      rows.map((row) => row.map((z) => z - row.reduce((sum, x) => sum + x, 0) / row.length));
    const mse = await lossOf("logit-mse", inputsOf(centered(STUDENT), centered(TEACHER)));
    const kd = await lossOf("kd", plain, { temperature: 100 });
    expect((kd * 8) / mse).toBeCloseTo(1, 1);
  });

  it("DKD with its parts weighted as in KD is KD", async () => {
    // With one sample and a teacher that gives the other classes a share s, KD = TCKD + s NCKD (the paper's equation 6).
    const [student, teacher] = [[STUDENT[0]!], [TEACHER[0]!]];
    const powers = TEACHER[0]!.map((z) => Math.exp(z));
    const share = 1 - powers[1]! / powers.reduce((sum, power) => sum + power, 0);
    const one = inputsOf(student, teacher, [1]);
    const dkd = await lossOf("dkd", one, { temperature: 1, target: 1, others: share });
    expect(dkd).toBeCloseTo(await lossOf("kd", one, { temperature: 1 }), 5);
  });

  it("sigmoid KD of one output is KD of two classes, one of them always 0", async () => {
    const sigmoid = await lossOf("sigmoid-kd", inputsOf([[1.5], [-2]], [[0.5], [3]], []));
    const kd = await lossOf(
      "kd",
      inputsOf(
        [
          [1.5, 0],
          [-2, 0],
        ],
        [
          [0.5, 0],
          [3, 0],
        ],
        [],
      ),
      { temperature: 1 },
    );
    expect(sigmoid).toBeCloseTo(kd, 5);
  });

  it("the hard label of equal logits is the first class", async () => {
    const tied = await lossOf("hard-label", inputsOf(STUDENT, flat(TEACHER)));
    expect(tied).toBeCloseTo(await lossOf("cross-entropy", inputsOf(STUDENT, TEACHER, [0, 0, 0])), 5);
  });

  it("DIST does not see a teacher that is an affine image of the student's probabilities", async () => {
    const softmax = (row: readonly number[]) => {
      const powers = row.map((z) => Math.exp(z));
      const sum = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / sum);
    };
    const mixed = STUDENT.map((row) => softmax(row).map((p) => Math.log(0.5 * p + 0.125)));
    expect(await lossOf("dist", inputsOf(STUDENT, mixed))).toBeCloseTo(0, 4);
  });

  it("bounded regression leaves a student alone that is nearer than its teacher", async () => {
    const near = { ...inputsOf([[1, 1]], [[3, 3]], []), targets: tensor([[1, 2]]) };
    expect(await lossOf("bounded-regression", near)).toBe(0);
    expect(await lossOf("bounded-regression", near, { margin: 10 })).toBeCloseTo(1, 6);
  });
});

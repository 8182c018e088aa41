import { createGraph, gradients, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { losses, lossNamed } from "../../src/losses/index.js";
import { mixesSamples } from "../../src/losses/loss.js";

const STUDENT = [0.5, -1, 2, 1.5, 0.25, -0.75];
const TEACHER = [1, 0, 3, 2, -1, 0.5];

/** Value and gradient of a loss of two samples of three classes. */
async function evaluated(name: string, labels: number[], second?: { labels: number[]; shares: number[] }) {
  const graph = createGraph();
  const logits = graph.input("logits", "float32", [2, 3]);
  const ints = (values: readonly number[]) => graph.constant("int64", [2], [...values]);
  const mixed = second && { labels: ints(second.labels), share: graph.constant("float32", [2, 1], second.shares) };
  const teacherLogits = graph.constant("float32", [2, 3], TEACHER);
  const record = lossNamed(name);
  const value = record.compute({ logits, labels: ints(labels), mixed, teacherLogits }, record.options.parse({}));
  graph.output("value", value);
  graph.output("gradient", gradients(value, [logits])[0]!);
  const session = await nodeBackend.createSession(toOnnx(graph), { threads: 1 });
  const result = await session.run({ logits: nodeBackend.tensor("float32", Float32Array.from(STUDENT), [2, 3]) });
  await session.release();
  return { value: Number(result.value!.data[0]), gradient: Array.from(result.gradient!.data as Float32Array) };
}

describe("cross-entropy of mixed labels", () => {
  const shares = [0.3, 0.8];

  it("is that of both labels, by their shares, and so is its gradient", async () => {
    // One sample's loss is half of the mean: what the first and the second labels give is told apart by sample.
    const both = await evaluated("cross-entropy", [0, 1], { labels: [2, 0], shares });
    const [first, second] = [await evaluated("cross-entropy", [0, 1]), await evaluated("cross-entropy", [2, 0])];
    const expected = first.gradient.map((value, i) => {
      const share = shares[Math.floor(i / 3)]!;
      return share * value + (1 - share) * second.gradient[i]!;
    });
    both.gradient.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
    const rows = [0, 1].map((row) => {
      const z = STUDENT.slice(3 * row, 3 * row + 3);
      const logSum = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0));
      const crossEntropy = (label: number) => logSum - z[label]!;
      const [a, b] = [[0, 2] as const, [1, 0] as const][row]!;
      return shares[row]! * crossEntropy(a) + (1 - shares[row]!) * crossEntropy(b);
    });
    expect(both.value).toBeCloseTo((rows[0]! + rows[1]!) / 2, 5);
  });
});

describe.each(losses.filter((loss) => loss.needs.includes("labels") && mixesSamples(loss)).map(({ name }) => name))(
  "%s",
  (name) => {
    it("does not care for second labels without a share, or for the order of both", async () => {
      const plain = await evaluated(name, [0, 1]);
      const whole = await evaluated(name, [0, 1], { labels: [2, 2], shares: [1, 1] });
      const turned = await evaluated(name, [2, 2], { labels: [0, 1], shares: [0, 0] });
      for (const { value, gradient } of [whole, turned]) {
        expect(value).toBeCloseTo(plain.value, 6);
        gradient.forEach((part, i) => {
          expect(part).toBeCloseTo(plain.gradient[i]!, 6);
        });
      }
    });
  },
);

it("losses that ask what one sample is say so", () => {
  const undefinedOnes = losses.filter((loss) => !mixesSamples(loss)).map(({ name }) => name);
  for (const name of ["dkd", "nkd", "crd"]) expect(undefinedOnes).toContain(name);
  for (const name of ["kd", "cross-entropy", "wsld", "dist", "fitnets"]) expect(undefinedOnes).not.toContain(name);
});

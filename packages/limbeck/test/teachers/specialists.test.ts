import { createGraph, gradients, ops, type Tensor, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { lossNamed } from "../../src/losses/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { constant } from "../../src/models/initial.js";
import type { Model } from "../../src/models/model.js";
import { teacherAnswers } from "../../src/schemes/answers.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { ensembleValues } from "../../src/teachers/ensemble/model.js";
import { mergedLogits, weighedAnswers } from "../../src/teachers/specialists/merge.js";
import { mergedModel } from "../../src/teachers/specialists/model.js";
import type { Specialists } from "../../src/teachers/specialists/options.js";

type Rows = readonly (readonly number[])[];

async function compute(build: (input: (rows: Rows) => Tensor) => Tensor): Promise<number[][]> {
  const graph = createGraph();
  const input = (rows: Rows) => graph.constant("float32", [rows.length, rows[0]!.length], rows.flat());
  const output = build(input);
  graph.output("out", ops.identity(output));
  const session = await nodeBackend.createSession(toOnnx(graph), { threads: 1 });
  const data = Array.from((await session.run({})).out!.data as Float32Array);
  await session.release();
  const width = output.shape[1]!;
  return Array.from({ length: data.length / width }, (_, row) => data.slice(row * width, (row + 1) * width));
}

const softmax = (logits: readonly number[], temperature = 1) => {
  const powers = logits.map((logit) => Math.exp(logit / temperature));
  return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
};

function expectClose(actual: readonly number[], wanted: readonly number[]): void {
  expect(actual).toHaveLength(wanted.length);
  actual.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i]!, 5);
  });
}

const apart: Specialists = {
  owns: [
    [3, 0],
    [1, 4, 2],
  ],
  route: "even",
};
const first: Rows = [
  [2, -1],
  [0.5, 0.1],
];
const second: Rows = [
  [1, 2, 3],
  [-4, 0, 4],
];

const merged = (specialists: Specialists, classes: number, answers: readonly Rows[], shares?: Rows) =>
  compute((input) => mergedLogits(weighedAnswers(answers.map(input), specialists, shares && input(shares)), classes));

describe("specialists of disjoint classes", () => {
  it.each(["even", "confidence", "energy"] as const)(
    "are each the merged answer among its own classes: %s",
    async (route) => {
      const rows = await merged({ ...apart, route }, 5, [first, second]);
      rows.forEach((row, n) => {
        expect(softmax(row).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
        for (const temperature of [1, 4]) {
          expectClose(softmax([row[3]!, row[0]!], temperature), softmax(first[n]!, temperature));
          expectClose(softmax([row[1]!, row[4]!, row[2]!], temperature), softmax(second[n]!, temperature));
        }
      });
    },
  );

  it("count as much as they are sure", async () => {
    const [row] = await merged({ ...apart, route: "confidence" }, 5, [first.slice(0, 1), second.slice(0, 1)]);
    const perplexity = (p: number[]) => Math.exp(-p.reduce((sum, x) => sum + x * Math.log(x), 0));
    const [a, b] = [1 / perplexity(softmax(first[0]!)), 1 / perplexity(softmax(second[0]!))];
    const p = softmax(row!);
    expect(p[0]! + p[3]!).toBeCloseTo(a / (a + b), 5);
    const [other] = await merged({ ...apart, route: "energy" }, 5, [first.slice(0, 1), second.slice(0, 1)]);
    expectClose(softmax(other!), softmax([first[0]![1]!, 1, 3, first[0]![0]!, 2]));
  });

  it("answer alone for samples of their classes where labels are there", async () => {
    const shares = [
      [1, 0, 0, 0, 0],
      [0, 0, 1, 0, 0],
    ];
    const [a, b] = await merged({ ...apart, route: "labels" }, 5, [first, second], shares);
    expectClose(softmax(a!, 4), [softmax(first[0]!, 4)[1]!, 0, 0, softmax(first[0]!, 4)[0]!, 0]);
    const own = softmax(second[1]!, 4);
    expectClose(softmax(b!, 4), [0, own[0]!, own[2]!, 0, own[1]!]);
  });

  it("share a mixed sample as its labels do, and are weighed by confidence without labels", async () => {
    const shares = [
      [0.3, 0, 0.7, 0, 0],
      [0, 0.5, 0.5, 0, 0],
    ];
    const [a] = await merged({ ...apart, route: "labels" }, 5, [first, second], shares);
    const p = softmax(a!);
    expect(p[0]! + p[3]!).toBeCloseTo(0.3, 5);
    const unlabelled = await merged({ ...apart, route: "labels" }, 5, [first, second]);
    const confident = await merged({ ...apart, route: "confidence" }, 5, [first, second]);
    expect(unlabelled).toEqual(confident);
  });
});

describe("specialists that share classes", () => {
  const shared: Specialists = {
    owns: [
      [0, 1],
      [1, 2],
    ],
    route: "labels",
  };

  it("are averaged where both own the label, and answer alone elsewhere", async () => {
    const shares = [
      [0, 1, 0],
      [1, 0, 0],
    ];
    const [a, b] = await merged(
      shared,
      3,
      [
        [
          [1, 0],
          [1, 0],
        ],
        [
          [3, 0],
          [3, 0],
        ],
      ],
      shares,
    );
    const [p, q] = [softmax([1, 0]), softmax([3, 0])];
    expectClose(softmax(a!), [p[0]! / 2, (p[1]! + q[0]!) / 2, q[1]! / 2]);
    expectClose(softmax(b!), [p[0]!, p[1]!, 0]);
  });
});

describe("a student's gradient", () => {
  const specialists: Specialists = {
    owns: [
      [0, 1],
      [2, 3],
    ],
    route: "labels",
  };

  async function slopes(loss: string): Promise<number[]> {
    const graph = createGraph();
    const logits = graph.parameter("logits", "float32", [2, 4]);
    const labels = graph.constant("int64", [2], [1, 2]);
    const asked = { teacher: undefined, liveTeacher: { model: stretch, specialists }, batchSize: 2, classes: 4 };
    const answers = teacherAnswers(graph, asked, { labels });
    const value = lossNamed(loss).compute({ logits, labels, ...answers }, { temperature: 2 });
    const fed = graph.inputs.find(({ name }) => name === "teacherLogits")!;
    expect(() => gradients(value, [fed])).toThrow(/does not depend|parameter/);
    graph.output("slope", gradients(value, [logits])[0]!);
    const session = await nodeBackend.createSession(toOnnx(graph), { threads: 1 });
    const tensor = (data: number[]) => nodeBackend.tensor("float32", Float32Array.from(data), [2, 4]);
    const result = await session.run({
      logits: tensor([1, 2, 3, 4, 0, 1, 0, 1]),
      teacherLogits: tensor([2, 0, 5, -5, 7, -7, 0, 3]),
    });
    await session.release();
    return Array.from(result.slope!.data as Float32Array);
  }

  it("of restricted-kd is none for classes that the sample's owner does not know", async () => {
    const slope = await slopes("restricted-kd");
    expect([slope[2], slope[3], slope[4], slope[5]].map(Math.abs)).toEqual([0, 0, 0, 0]);
    for (const k of [0, 1, 6, 7]) expect(Math.abs(slope[k]!)).toBeGreaterThan(1e-3);
  });

  it("of kd pushes those classes down, for the merged answer has none of them", async () => {
    const slope = await slopes("kd");
    for (const k of [2, 3, 4, 5]) expect(slope[k]).toBeGreaterThan(1e-3);
  });
});

/** Answers with some of its pixels times a factor. */
const stretch: Model = {
  family: "stretch",
  parameters: [{ name: "factor", shape: [2], init: constant(1) }],
  buffers: [],
  forward: (images, { factor }) => ({
    logits: ops.mul(ops.slice(ops.reshape(images, [-1, 4]), [1], [3], [1]), factor!),
    taps: {},
    buffers: {},
  }),
};

it("are one ONNX file of all classes, for batches of any size", async () => {
  const geometry = { channels: 1, height: 2, width: 2 };
  const specialists: Specialists = {
    owns: [
      [2, 1],
      [0, 3],
    ],
    route: "even",
  };
  const model = mergedModel([stretch, stretch], specialists, 4);
  const values = ensembleValues([{ factor: Float32Array.of(1, 2) }, { factor: Float32Array.of(-1, 3) }]);
  const classifier = await Classifier.load(toOnnxModel(model, geometry, values), geometry, 1);
  const images = Float32Array.from({ length: 12 }, (_, i) => i / 12);
  const logits = await classifier.logits(images, 3);
  await classifier.release();
  expect(logits).toHaveLength(12);
  for (let n = 0; n < 3; n++) {
    const [x, y] = [images[4 * n + 1]!, images[4 * n + 2]!];
    const [a, b] = [softmax([x, 2 * y]), softmax([-x, 3 * y])];
    expectClose(softmax([...logits.subarray(4 * n, 4 * n + 4)]), [b[0]! / 2, a[1]! / 2, a[0]! / 2, b[1]! / 2]);
  }
});

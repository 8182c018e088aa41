import { describe, expect, it } from "vitest";
import { toBlockedLayout } from "../src/blocked/transform.js";
import {
  compileTraining,
  createGraph,
  type Graph,
  ops,
  printGraph,
  randomStream,
  sgd,
  sizeOf,
  type Tensor,
  type TrainingBuffer,
  type TrainingProgram,
  TrainingSession,
} from "../src/index.js";
import { channelBlock } from "../src/runtime/channel-block.js";
import { nodeBackend } from "../src/runtime/node.js";

const block = await channelBlock(nodeBackend);
/** The same backend, which runs graphs as they are. */
const { lower: _, ...asWritten } = nodeBackend;

interface Network {
  readonly graph: Graph;
  readonly buffers: TrainingBuffer[];
  readonly parameter: (name: string, shape: readonly number[]) => Tensor;
  readonly norm: (x: Tensor, name: string) => Tensor;
}

function network(): Network {
  const graph = createGraph();
  const buffers: TrainingBuffer[] = [];
  const parameter = (name: string, shape: readonly number[]) => graph.parameter(name, "float32", shape);
  const norm = (x: Tensor, name: string) => {
    const channels = [x.shape[1]!];
    const [runningMean, runningVar] = [parameter(`${name}.mean`, channels), parameter(`${name}.var`, channels)];
    const state = { weight: parameter(`${name}.weight`, channels), bias: parameter(`${name}.bias`, channels) };
    const result = ops.batchNorm(x, { ...state, runningMean, runningVar }, { training: true });
    buffers.push({ input: runningMean, next: result.nextMean }, { input: runningVar, next: result.nextVar });
    return result.output;
  };
  return { graph, buffers, parameter, norm };
}

function program(build: (it: Network, images: Tensor) => Tensor, images: readonly number[]): TrainingProgram {
  const it = network();
  const output = build(it, it.graph.input("images", "float32", images));
  const target = it.graph.input("target", "float32", output.shape);
  const difference = ops.sub(output, target);
  const loss = ops.reduceMean(ops.mul(difference, difference));
  return compileTraining({ loss, optimizer: sgd({ momentum: 0.9 }), buffers: it.buffers });
}

function numbers(name: string, shape: readonly number[]): Float32Array {
  const stream = randomStream(5, name);
  const isPositive = name.endsWith("var") || name.endsWith("weight");
  return Float32Array.from({ length: sizeOf(shape) }, () => (isPositive ? 0 : -0.5) + stream.uniform());
}

async function train(trained: TrainingProgram, isBlocked: boolean): Promise<Record<string, Float32Array>> {
  const values = (tensors: readonly Tensor[]) =>
    tensors.map(({ name, shape }) => [name, numbers(name, shape)] as const);
  const state = Object.fromEntries(values([...trained.parameters, ...trained.buffers]));
  const backend = isBlocked ? nodeBackend : asWritten;
  const session = await TrainingSession.create(trained, backend, { seed: 1, state, threads: 2 });
  const feeds = Object.fromEntries(values(trained.feeds));
  for (let step = 0; step < 2; step++) await session.run(feeds, 0.05);
  const after = Object.entries(session.state()).map(([name, data]) => [name, Float32Array.from(data as Float32Array)]);
  await session.release();
  return Object.fromEntries(after);
}

const conv = (x: Tensor, filters: Tensor, stride = 1, padding = 1) =>
  ops.conv(x, filters, undefined, { stride, padding });

type Case = readonly [readonly number[], (it: Network, x: Tensor) => Tensor];

const cases: Record<string, Case> = {
  "a residual block behind few channels": [
    [3, 3, 8, 6],
    ({ parameter, norm }, x) => {
      const a = ops.relu(norm(conv(x, parameter("a", [16, 3, 3, 3])), "an"));
      const b = ops.relu(norm(conv(a, parameter("b", [16, 16, 3, 3])), "bn"));
      return ops.relu(ops.add(norm(conv(b, parameter("c", [16, 16, 3, 3])), "cn"), a));
    },
  ],
  "strides, and a shortcut of one place": [
    [2, 16, 9, 8],
    ({ parameter, norm }, x) => {
      const first = ops.relu(conv(x, parameter("a", [16, 16, 3, 3])));
      const b = norm(conv(first, parameter("b", [32, 16, 3, 3]), 2), "bn");
      return ops.relu(ops.add(b, norm(conv(first, parameter("s", [32, 16, 1, 1]), 2, 0), "sn")));
    },
  ],
  "large kernels, uneven padding and dilation": [
    [2, 16, 11, 10],
    ({ parameter }, x) => {
      const a = ops.conv(x, parameter("a", [16, 16, 5, 3]), undefined, { padding: [2, 0] });
      const b = ops.conv(a, parameter("b", [16, 16, 3, 2]), parameter("bias", [16]), { dilation: 2, padding: 1 });
      return ops.convTranspose(ops.tanh(b), parameter("t", [16, 16, 4, 4]), undefined, { stride: 3, padding: 1 });
    },
  ],
  "samples in groups, wide maps": [
    [8, 32, 5, 4],
    ({ parameter, norm }, x) => {
      const a = norm(conv(x, parameter("a", [48, 32, 3, 3])), "an");
      return conv(ops.relu(a), parameter("b", [16, 48, 1, 3]));
    },
  ],
  ...Object.fromEntries(
    [9, 12, 20, 100].map((samples) => [
      `${samples} samples, which fill no whole blocks`,
      [
        [samples, 16, 5, 4],
        ({ parameter, norm }, x) => {
          const a = norm(conv(x, parameter("a", [16, 16, 3, 3]), 2), "an");
          return conv(ops.relu(a), parameter("b", [32, 16, 3, 3]));
        },
      ] satisfies Case,
    ]),
  ),
  "strides that leave rows and columns over": [
    [4, 16, 12, 10],
    ({ parameter }, x) => {
      const a = ops.conv(ops.tanh(x), parameter("a", [32, 16, 2, 2]), undefined, { stride: 3 });
      const b = ops.conv(ops.tanh(x), parameter("b", [32, 16, 1, 2]), undefined, { stride: [4, 3], dilation: [1, 2] });
      return ops.add(ops.reduceMean(a, { axes: [2, 3] }), ops.reduceMean(b, { axes: [2, 3] }));
    },
  ],
  "depthwise convolutions, pooling and a linear layer": [
    [4, 16, 6, 6],
    ({ parameter, norm }, x) => {
      const deep = ops.conv(x, parameter("d", [16, 1, 3, 3]), undefined, { groups: 16, padding: 1 });
      const wide = ops.hardSwish(norm(conv(deep, parameter("p", [32, 16, 1, 1]), 1, 0), "n"));
      return ops.linear(ops.flatten(ops.globalAveragePool(wide)), parameter("fc", [5, 32]));
    },
  ],
  "beside a frozen network with constant filters": [
    [2, 16, 6, 6],
    ({ graph, parameter }, x) => {
      const frozen = (name: string, shape: readonly number[]) => graph.constant("float32", shape, numbers(name, shape));
      const state = { weight: frozen("weight", [32]), bias: frozen("bias", [32]) };
      const statistics = { runningMean: frozen("mean", [32]), runningVar: frozen("var", [32]) };
      const seen = ops.batchNorm(conv(x, frozen("filters", [32, 16, 3, 3]), 2), { ...state, ...statistics }).output;
      return ops.sub(ops.relu(seen), conv(x, parameter("a", [32, 16, 3, 3]), 2));
    },
  ],
  "enlarged images, of whole and of other factors": [
    [2, 16, 3, 4],
    ({ parameter, norm }, x) => {
      const a = norm(conv(ops.interpolate(x, { size: [6, 12] }), parameter("a", [32, 16, 3, 3])), "an");
      const b = ops.leakyRelu(conv(ops.interpolate(a, { scaleFactor: 2 }), parameter("b", [16, 32, 3, 3])), 0.2);
      return conv(ops.interpolate(b, { size: [17, 25] }), parameter("c", [16, 16, 3, 3]));
    },
  ],
  "values that several read": [
    [2, 16, 5, 5],
    ({ parameter, norm }, x) => {
      const y = conv(x, parameter("a", [16, 16, 3, 3]));
      const z = norm(y, "n");
      return ops.add(ops.mul(z, y), ops.add(ops.relu(z), ops.sigmoid(y)));
    },
  ],
};

describe.skipIf(block === undefined)("the blocked layout (skipped where ONNX Runtime has none)", () => {
  it.each(Object.entries(cases))("trains %s as the plain one does", async (_name, [shape, build]) => {
    const trained = program(build, shape);
    const [plain, blocked] = [await train(trained, false), await train(trained, true)];
    expect(Object.keys(blocked)).toEqual(Object.keys(plain));
    for (const [name, values] of Object.entries(plain)) {
      const scale = Math.max(...values.map(Math.abs));
      const worst = Math.max(...values.map((value, i) => Math.abs(value - blocked[name]![i]!)));
      expect(worst / scale, name).toBeLessThan(2e-4);
    }
  });

  it("keeps what lies between convolutions in blocks", () => {
    const { graph } = program(cases["a residual block behind few channels"]![1], [3, 3, 8, 6]);
    const count = (text: string, op: string) => text.split(`= ${op}(`).length - 1;
    const text = printGraph(toBlockedLayout(graph, 16));
    expect(["Conv", "BatchNormalization", "ConvTranspose"].map((op) => count(text, op))).toEqual([0, 0, 0]);
    // The loss's gradient arrives plain, and the image is plain.
    expect(["ReorderInput", "ReorderOutput"].map((op) => count(text, op))).toMatchInlineSnapshot(`
      [
        2,
        1,
      ]
    `);
  });

  it("folds scale, shift, sum and ReLU into one convolution", () => {
    const graph = createGraph();
    const [x, shortcut] = ["x", "shortcut"].map((name) => graph.input(name, "float32", [1, 16, 4, 4]));
    const filters = graph.parameter("filters", "float32", [16, 16, 3, 3]);
    const scale = graph.parameter("scale", "float32", [1, 16, 1, 1]);
    const y = ops.add(ops.mul(conv(x!, filters), scale), scale);
    graph.output("y", ops.relu(ops.add(y, shortcut!)));
    expect(printGraph(toBlockedLayout(graph, 16))).toMatchInlineSnapshot(`
      "graph {
        input x: float32[1,16,4,4]
        input shortcut: float32[1,16,4,4]
        parameter filters: float32[16,16,3,3]
        parameter scale: float32[1,16,1,1]
        reorderinput_1: float32[1,16,4,4] = ReorderInput(x)
        reshape_1: float32[16] = Reshape(scale, [16])
        reorderinput_2: float32[1,16,4,4] = ReorderInput(shortcut)
        reshape_3: float32[16,1,1,1] = Reshape(reshape_1, [16,1,1,1])
        mul_2: float32[16,16,3,3] = Mul(filters, reshape_3)
        reshape_4: float32[1,16,1,16,9] = Reshape(mul_2, [1,16,1,16,9])
        transpose_1: float32[1,1,9,16,16] = Transpose(reshape_4; perm=[0,2,4,3,1])
        reshape_5: float32[16,16,3,3] = Reshape(transpose_1, [16,16,3,3])
        blockedconv_1: float32[1,16,4,4] = BlockedConv(reorderinput_1, reshape_5, reshape_1, reorderinput_2; pads=[1,1,1,1], activation=Relu)
        reorderoutput_1: float32[1,16,4,4] = ReorderOutput(blockedconv_1; channels=16)
        return y = reorderoutput_1
      }"
    `);
  });
});

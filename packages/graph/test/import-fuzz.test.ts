import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { type GraphProto, type ModelProto, ModelProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { fromOnnx, GraphError } from "../src/index.js";
import type { KnownValue } from "../src/onnx/data-types.js";
import { encodeModel, float32, int64, type ModelSpec, type NodeSpec, smallModel, someNumbers } from "./onnx-files.js";

const node = (op: string, inputs: string[], outputs: string[], attributes: NodeSpec["attributes"] = {}): NodeSpec => {
  return { op, inputs, outputs, attributes };
};
const scalar = (value: number): KnownValue => ({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(value)) });
const GATES = ["Sigmoid", "Tanh", "Sigmoid", "Relu"];
const ones = float32([4], [1, 1, 1, 1]);

/** Small files that between them hold most of what the reader knows. */
const files: Readonly<Record<string, ModelSpec>> = {
  convolutions: {
    opset: 18,
    inputs: { x: [1, 2, 6, 6] },
    outputs: ["y"],
    nodes: [
      node("Conv", ["x", "w"], ["c"], { pads: [1, 1, 1, 1], strides: [2, 2], kernel_shape: [3, 3] }),
      node("BatchNormalization", ["c", "one", "one", "one", "one"], ["b"], { epsilon: 0.001 }),
      node("MaxPool", ["b"], ["m"], { kernel_shape: [2, 2], strides: [1, 1], ceil_mode: 1 }),
      node("Resize", ["m", "", "scales"], ["r"], { mode: "linear" }),
      node("ConvTranspose", ["r", "v"], ["t"], { output_padding: [0, 0], strides: [1, 1] }),
      node("Pad", ["t", "pads"], ["p"], { mode: "reflect" }),
      node("GlobalAveragePool", ["p"], ["g"]),
      node("Split", ["g"], ["y", "z"], { axis: 1, num_outputs: 2 }),
    ],
    initializers: {
      w: someNumbers([4, 2, 3, 3]),
      v: someNumbers([4, 4, 2, 2]),
      one: ones,
      scales: float32([4], [1, 1, 2, 2]),
      pads: int64([0, 0, 1, 1, 0, 0, 1, 1]),
    },
  },
  control: {
    opset: 17,
    inputs: { x: [3, 4] },
    outputs: ["y"],
    nodes: [
      node("Shape", ["x"], ["shape"]),
      node("Gather", ["shape", "zero"], ["rows"], { axis: 0 }),
      node("Equal", ["rows", "three"], ["condition"]),
      node("If", ["condition"], ["i"], {
        then_branch: { body: { outputs: ["a"], nodes: [node("Relu", ["x"], ["a"])] } },
        else_branch: { body: { outputs: ["b"], nodes: [node("Exp", ["x"], ["b"])] } },
      }),
      node("Loop", ["three", "", "i"], ["l"], {
        body: {
          body: {
            inputs: ["k", "c", "s"],
            outputs: ["c", "n"],
            nodes: [node("MatMul", ["s", "w"], ["n"])],
            initializers: { w: someNumbers([4, 4]) },
          },
        },
      }),
      node("SplitToSequence", ["l"], ["q"], { axis: 1 }),
      node("ConcatFromSequence", ["q"], ["j"], { axis: 1 }),
      { op: "f", domain: "local", inputs: ["j"], outputs: ["y"] },
    ],
    functions: [{ name: "f", inputs: ["v"], outputs: ["r"], nodes: [node("Softmax", ["v"], ["r"], { axis: -1 })] }],
    initializers: { zero: scalar(0), three: scalar(3) },
  },
  sequences: {
    opset: 17,
    inputs: { x: [5, 2, 4] },
    outputs: ["y"],
    nodes: [
      node("GRU", ["x", "w", "r"], ["g", "h"], { hidden_size: 2, direction: "bidirectional", activations: GATES }),
      node("Transpose", ["g"], ["t"], { perm: [0, 2, 1, 3] }),
      node("Reshape", ["t", "target"], ["u"]),
      node("LayerNormalization", ["u", "one"], ["n"], { axis: -1 }),
      node("Einsum", ["n", "n"], ["e"], { equation: "tbi,tbj->bij" }),
      node("TopK", ["e", "k"], ["v", "i"], { axis: -1 }),
      node("Tile", ["v", "repeats"], ["z"]),
      node("Range", ["a", "b", "a"], ["m"]),
      node("Cast", ["m"], ["f"], { to: 1 }),
      node("ReduceSum", ["f"], ["s"], { keepdims: 0 }),
      node("Add", ["z", "s"], ["o"]),
      node("QuantizeLinear", ["o", "s2"], ["q"]),
      node("DequantizeLinear", ["q", "s2"], ["y"]),
    ],
    initializers: {
      w: someNumbers([2, 6, 4]),
      r: someNumbers([2, 6, 2]),
      target: int64([5, 2, -1]),
      one: ones,
      k: int64([2]),
      repeats: int64([1, 2, 3]),
      a: scalar(1),
      b: scalar(6),
      s2: float32([], [0.5]),
    },
  },
};

async function survives(bytes: Uint8Array): Promise<void> {
  const result = await fromOnnx(bytes, { dims: { "*": 2 } }).catch((error: unknown) => error);
  if (!(result instanceof GraphError)) expect(result).toHaveProperty("graph");
  // The net under everything else: reaching it is a check that is missing.
  else expect(`${result.message} ${(result.cause as Error)?.stack}`).not.toContain("the model cannot be read");
}

const EXTREMES = [0n, 1n, -1n, 2n, 7n, 1_000_000n, 2n ** 31n, 2n ** 40n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];

/** One place of a file where something is changed: which graph, node, attribute or tensor, by chance. */
interface Change {
  readonly kind: "attribute" | "dims" | "input" | "output" | "values" | "drop" | "op";
  readonly at: number;
  readonly place: number;
  readonly value: bigint;
}

function graphsOf(graph: GraphProto): GraphProto[] {
  return [graph, ...graph.node.flatMap((one) => one.attribute.flatMap(({ g }) => (g ? graphsOf(g) : [])))];
}

function apply(model: ModelProto, { kind, at, place, value }: Change): void {
  const graphs = graphsOf(model.graph!);
  const nodes = graphs.flatMap((graph) => graph.node);
  const tensors = graphs.flatMap((graph) => graph.initializer);
  const names = nodes.flatMap((one) => [...one.input, ...one.output]);
  const chosen = nodes[at % nodes.length]!;
  const attribute = chosen.attribute[place % Math.max(1, chosen.attribute.length)];
  const tensor = tensors[at % Math.max(1, tensors.length)];
  if (kind === "attribute" && attribute) {
    attribute.i = value;
    attribute.f = Number(value);
    if (attribute.ints.length > 0) attribute.ints[place % attribute.ints.length] = value;
  } else if (kind === "dims" && tensor && tensor.dims.length > 0) tensor.dims[place % tensor.dims.length] = value;
  else if (kind === "dims") {
    const shape = model.graph!.input[0]!.type!.value;
    if (shape.case === "tensorType") shape.value.shape!.dim[place % 2]!.value = { case: "dimValue", value };
  } else if (kind === "input")
    chosen.input[place % (chosen.input.length + 1)] = names[Number(value & 0xffn) % names.length]!;
  else if (kind === "output")
    chosen.output[place % chosen.output.length] = names[Number(value & 0xffn) % names.length]!;
  else if (kind === "values" && tensor && tensor.dataType === 7) {
    new DataView(tensor.rawData.buffer, tensor.rawData.byteOffset).setBigInt64(0, value, true);
  } else if (kind === "drop") chosen.input.splice(place % (chosen.input.length + 1), 1);
  else if (kind === "op") chosen.opType = nodes[place % nodes.length]!.opType;
}

const changes = fc.array(
  fc.record<Change>({
    kind: fc.constantFrom("attribute", "dims", "input", "output", "values", "drop", "op"),
    at: fc.nat(1000),
    place: fc.nat(1000),
    value: fc.constantFrom(...EXTREMES),
  }),
  { minLength: 1, maxLength: 3 },
);

describe("whatever is in a file: a typed error or a sound graph", () => {
  it("random bytes", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), survives), { numRuns: 500 });
  });

  describe.each(Object.entries(files))("%s", (_, spec) => {
    const bytes = encodeModel(smallModel(spec));

    it("whole", async () => {
      await expect(fromOnnx(bytes)).resolves.toHaveProperty("graph");
    });

    it("damaged", async () => {
      const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })), { maxLength: 4 });
      const length = fc.oneof(fc.constant(bytes.length), fc.nat(bytes.length));
      await fc.assert(
        fc.asyncProperty(flips, length, (list, end) => {
          const damaged = Uint8Array.from(bytes);
          for (const [at, mask] of list) damaged[at]! ^= mask;
          return survives(damaged.subarray(0, end));
        }),
        { numRuns: 200 },
      );
    });

    it("made up", async () => {
      await fc.assert(
        fc.asyncProperty(changes, (list) => {
          const model = fromBinary(ModelProtoSchema, Uint8Array.from(bytes));
          for (const change of list) apply(model, change);
          return survives(encodeModel(model));
        }),
        { numRuns: 150 },
      );
    });
  });
});

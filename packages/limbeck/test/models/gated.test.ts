import { createGraph, ops, randomStream, sizeOf, type Tensor, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { splitModel } from "../../src/models/branches.js";
import { gatedModel } from "../../src/models/gated.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { constant } from "../../src/models/initial.js";
import { declareTensors, initialize, type Model, type ModelValues, tensorsOf } from "../../src/models/model.js";

const GEOMETRY = { channels: 3, height: 16, width: 16 };
const [CLASSES, BATCH, BRANCHES] = [5, 3, 3];

/** A small member of every family, where it parts by default, and what lies behind. */
const FAMILIES: readonly (readonly [ModelChoice, at: string, behind: string])[] = [
  [{ family: "mlp", hidden: [8, 6], dropout: { hidden: 0.5 } }, "relu1", "fc2.weight"],
  [{ family: "mlp", hidden: [8] }, "relu1", "fc2.weight"],
  [{ family: "lenet", width: 0.5 }, "stage2", "fc1.weight"],
  [{ family: "resnet", depth: 8, width: 0.25 }, "stage2", "layer3.0.conv1.weight"],
  [{ family: "resnet", depth: 8, width: 0.25, resolution: 20 }, "stage2", "layer3.0.bn1.running_mean"],
  [{ family: "wrn", depth: 10, width: 0.5, dropout: 0.3 }, "stage2", "block3.layer.0.convShortcut.weight"],
  [{ family: "vgg", depth: 8, width: 0.0625 }, "stage4", "block4.0.weight"],
  [{ family: "mobilenetv2", width: 0.25, expansion: 2 }, "stage7", "features.18.0.weight"],
  [{ family: "mobilenetv3", size: "small", width: 0.25 }, "features", "classifier.0.weight"],
  [{ family: "shufflenetv2", width: 0.5 }, "stage3", "conv5.0.weight"],
  [{ family: "efficientnet-lite", width: 0.25, depth: 0.5 }, "stage7", "conv_head.weight"],
  [{ family: "repvgg", width: 0.125 }, "stage3", "stage4.0.rbr_dense.conv.weight"],
  [{ family: "vit", dim: 16, depth: 2, heads: 2 }, "block1", "blocks.1.attn.qkv.weight"],
  [{ family: "mlp-mixer", dim: 16, depth: 2 }, "block1", "blocks.1.mlp_tokens.fc1.weight"],
];

const build = (choice: ModelChoice) => buildModel(choice, GEOMETRY, CLASSES);

/** Values that nothing is left of at zero or one; positive, for running variances. */
function valuesFor(model: Model): ModelValues {
  return Object.fromEntries(
    tensorsOf(model).map(({ name, shape }) => {
      const random = randomStream(1, name);
      return [name, Float32Array.from({ length: sizeOf(shape) }, () => 0.05 + 0.5 * random.uniform())];
    }),
  );
}

/** Runs what a model makes of noise. */
async function run(model: Model, values: ModelValues, training: boolean, outputs: (all: Outputs) => Outputs) {
  const graph = createGraph();
  const random = randomStream(2);
  const pixels = Array.from({ length: BATCH * 768 }, () => random.uniform());
  const images = graph.constant("float32", [BATCH, 3, 16, 16], pixels);
  const { logits, taps, buffers } = model.forward(images, declareTensors(model, graph), training);
  const returned = Object.entries(outputs({ logits, ...taps, ...buffers }));
  for (const [name, tensor] of returned) graph.output(`out/${name}`, ops.identity(tensor));
  const session = await nodeBackend.createSession(toOnnx(graph));
  const declared = graph.inputs.filter(({ source }) => source.kind === "parameter");
  const feeds = declared.map(({ name, shape }) => [name, nodeBackend.tensor("float32", values[name]!, shape)]);
  const drawn = graph.inputs.filter(({ source }) => source.kind === "random");
  const masks = drawn.map(({ name, shape }) => {
    return [name, nodeBackend.tensor("float32", new Float32Array(sizeOf(shape)).fill(1), shape)];
  });
  const results = await session.run(Object.fromEntries([...feeds, ...masks]));
  return Object.fromEntries(returned.map(([name]) => [name, results[`out/${name}`]!.data as Float32Array]));
}

type Outputs = Readonly<Record<string, Tensor>>;

function expectClose(actual: Float32Array, expected: ArrayLike<number>): void {
  expect(actual).toHaveLength(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  for (const [i, value] of Array.from(expected).entries()) expect(actual[i]! / scale).toBeCloseTo(value / scale, 5);
}

describe.each(FAMILIES)("%o with branches", (choice, at, behind) => {
  const model = build(choice);
  const gated = gatedModel(model, GEOMETRY, BRANCHES);
  const values = valuesFor(gated);

  it(`parts at ${at}`, () => {
    const split = splitModel(model, GEOMETRY);
    expect(split.at).toBe(at);
    expect([...split.behind]).toContain(behind);
    expect(split.behind.size).toBeLessThan(tensorsOf(model).length);
    expect(tensorsOf(gated)).toHaveLength(tensorsOf(model).length + (BRANCHES - 1) * split.behind.size + 6);
  });

  it.each([false, true])("answers from each as the model with that end does (in training: %s)", async (training) => {
    const all = await run(gated, values, training, (outputs) => outputs);
    const nexts = model.buffers.map(({ name }) => name);
    for (const branch of [1, 2, 3]) {
      const own = branch === 1 ? values : gated.branchValues(branch, values);
      const alone = await run(model, own, training, (outputs) => outputs);
      expectClose(all[`branch${branch}/logits`]!, alone.logits!);
      for (const name of nexts) expectClose(all[`branch${branch}/${name}`] ?? all[name]!, alone[name]!);
    }
    expect(all["branch2/logits"]).not.toEqual(all["branch1/logits"]);
  });
});

it("each branch drops values of its own, the trunk the same for all", () => {
  const drawn = (dropout: object, branches: number) => {
    const model = build({ family: "mlp", hidden: [8, 6], dropout });
    const whole = branches > 1 ? gatedModel(model, GEOMETRY, branches) : model;
    const graph = createGraph();
    whole.forward(graph.input("images", "float32", [BATCH, 3, 16, 16]), declareTensors(whole, graph), true);
    return graph.inputs.filter(({ source }) => source.kind === "random").length;
  };
  expect([drawn({ input: 0.1 }, 1), drawn({ input: 0.1 }, 3)]).toEqual([1, 1]);
  expect([drawn({ hidden: 0.1 }, 1), drawn({ hidden: 0.1 }, 3)]).toEqual([2, 6]);
});

describe("the gate", () => {
  const model = build({ family: "mlp", hidden: [8, 6] });
  const gated = gatedModel(model, GEOMETRY, 2);

  it("weighs branches by softmax(relu(norm(linear(features of the trunk))))", async () => {
    const values = valuesFor(gated);
    const out = await run(gated, values, false, (outputs) => outputs);
    const of = (name: string) => [...values[`gate.${name}`]!];
    for (let n = 0; n < BATCH; n++) {
      const features = [...out.relu1!.slice(8 * n, 8 * n + 8)];
      const scores = [0, 1].map((k) => {
        const sum = features.reduce((all, x, i) => all + x * of("fc.weight")[8 * k + i]!, of("fc.bias")[k]!);
        const normal = (sum - of("bn.running_mean")[k]!) / Math.sqrt(of("bn.running_var")[k]! + 1e-5);
        return Math.exp(Math.max(0, normal * of("bn.weight")[k]! + of("bn.bias")[k]!));
      });
      const share = scores[0]! / (scores[0]! + scores[1]!);
      expect(share).toBeGreaterThan(0);
      for (let k = 0; k < CLASSES; k++) {
        const [one, two] = [out["branch1/logits"]!, out["branch2/logits"]!].map((z) => z[CLASSES * n + k]!);
        expect(out.logits![CLASSES * n + k]! / (share * one! + (1 - share) * two!)).toBeCloseTo(1, 5);
      }
    }
  });

  it("leaves the first branch the model's own first values, and draws others for the next", () => {
    const values = initialize(gated, 3);
    expect(values).toMatchObject(initialize(model, 3));
    expect(values["branch2/fc2.weight"]).not.toEqual(values["fc2.weight"]);
  });
});

describe("where a model can be split", () => {
  it("is where all of its pass goes through, and the message lists it", () => {
    const vit = build({ family: "vit", dim: 16, depth: 2, heads: 2 });
    expect(splitModel(vit, GEOMETRY, "embeddings").behind.has("cls_token")).toBe(false);
    expect(() => splitModel(vit, GEOMETRY, "block1.queries")).toThrow(
      expect.objectContaining({
        code: "TAP_UNKNOWN",
        message: 'vit cannot be split at "block1.queries"',
        fix: "Use one of embeddings, block1, block2, features.",
      }),
    );
  });

  it("has weights on both sides", () => {
    const model: Model = {
      family: "bare",
      parameters: [{ name: "weight", shape: [5, 768], init: constant(0) }],
      buffers: [],
      forward: (images, weights) => {
        const flat = ops.flatten(images);
        return { logits: ops.linear(flat, weights.weight!), taps: { flat }, buffers: {} };
      },
    };
    expect(() => splitModel(model, GEOMETRY)).toThrow("bare cannot be split");
  });
});

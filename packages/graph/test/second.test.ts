import { describe, expect, it } from "vitest";
import { createGraph, gradients, ops, type Tensor } from "../src/index.js";
import { readGolden } from "./golden.js";
import { expectClose, runGraph } from "./harness.js";

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface SecondCase {
  readonly name: string;
  readonly x: Values;
  readonly pick: Values;
  readonly mix: Values;
  readonly parameters: readonly Values[];
  readonly slope: Values;
  /** By x and by the parameters; null where the loss does not depend on one. */
  readonly gradients: readonly (Values | null)[];
}

const averaged = (x: Tensor): Tensor => ops.flatten(ops.globalAveragePool(x));

function normalized(training: boolean) {
  return (x: Tensor, [w, weight, bias, v]: readonly Tensor[]) => {
    const { graph, dtype } = x;
    const filled = (value: number) => graph.constant(dtype, weight!.shape, [value, value, value]);
    const state = { weight: weight!, bias: bias!, runningMean: filled(0.5), runningVar: filled(2) };
    const { output } = ops.batchNorm(ops.conv(x, w!, undefined, { padding: 1 }), state, { training });
    return ops.linear(averaged(ops.relu(output)), v!);
  };
}

/** The networks of make_second.py. */
const NETWORKS: Readonly<Record<string, (x: Tensor, parameters: readonly Tensor[]) => Tensor>> = {
  normalized: normalized(true),
  "frozen norm": normalized(false),
  pooled: (x, [w, v]) => ops.linear(ops.flatten(ops.maxPool2d(ops.tanh(ops.conv(x, w!)), 2)), v!),
  attention: (x, [weight, bias, v]) => {
    const y = ops.gelu(ops.layerNorm(x, weight!, bias!));
    return ops.linear(ops.reduceMean(ops.matmul(ops.softmax(ops.matmul(y, ops.swapLast(y))), y), { axes: [1] }), v!);
  },
  gates: (x, [w, u, v]) => {
    const y = ops.mul(ops.hardSwish(ops.conv(x, w!)), ops.hardSigmoid(ops.conv(x, u!)));
    return ops.linear(ops.flatten(ops.clip(y, 0, 6)), v!);
  },
};

describe("gradients of gradients agree with PyTorch", () => {
  it.each(readGolden<SecondCase>("second").map((golden) => [golden.name, golden] as const))(
    "%s",
    async (name, golden) => {
      const graph = createGraph();
      const input = (as: string, { shape }: Values) => graph.input(as, "float32", shape);
      const x = input("x", golden.x);
      const parameters = golden.parameters.map((values, i) => input(`p${i}`, values));
      const answers = NETWORKS[name]!(x, parameters);
      const chosen = ops.reduceSum(ops.mul(answers, input("pick", golden.pick)));
      const [slope] = gradients(chosen, [x], { again: true });
      const loss = ops.reduceSum(ops.mul(slope!, input("mix", golden.mix)));
      const reached = [x, ...parameters].filter((_, i) => golden.gradients[i]);
      graph.output("slope", slope!);
      gradients(loss, reached).forEach((gradient, i) => {
        graph.output(`gradient/${reached[i]!.name}`, gradient);
      });
      const { x: xs, pick, mix } = golden;
      const named = Object.fromEntries(golden.parameters.map((values, i) => [`p${i}`, values]));
      const feeds = Object.entries({ x: xs, pick, mix, ...named }).map(([key, { data }]) => [
        key,
        Float32Array.from(data),
      ]);
      const results = await runGraph(graph, Object.fromEntries(feeds));
      expectClose(results.slope!.data, golden.slope.data, 2e-5, "slope");
      for (const [i, tensor] of [x, ...parameters].entries()) {
        const expected = golden.gradients[i];
        if (expected)
          expectClose(results[`gradient/${tensor.name}`]!.data, expected.data, 5e-5, `gradient ${tensor.name}`);
      }
    },
  );

  it("without being told, normalization in training has first ones only", () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [4, 3]);
    const three = (value: number) => graph.constant("float32", [3], [value, value, value]);
    const state = { weight: three(1), bias: three(0), runningMean: three(0), runningVar: three(1) };
    const { output } = ops.batchNorm(x, state, { training: true });
    const [slope] = gradients(ops.reduceSum(ops.mul(output, x)), [x]);
    expect(() => gradients(ops.reduceSum(slope!), [x])).toThrow(/carry no gradient/);
  });
});

import { describe, expect, it } from "vitest";
import {
  type AdamOptions,
  adam,
  adamw,
  compileTraining,
  createGraph,
  type Optimizer,
  ops,
  type SgdOptions,
  sgd,
  TrainingSession,
} from "../src/index.js";
import { backend } from "./backend.js";
import { readGolden } from "./golden.js";
import { expectClose } from "./harness.js";

interface OptimizerCase {
  readonly name: string;
  readonly optimizer: string;
  readonly options: SgdOptions & AdamOptions;
  readonly parameters: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly data: readonly number[];
  }[];
  /** By step, then by parameter. */
  readonly gradients: readonly (readonly (readonly number[])[])[];
  readonly learningRates: readonly number[];
  readonly trajectory: readonly (readonly (readonly number[])[])[];
  readonly state: Readonly<Record<string, readonly (readonly number[])[]>>;
}

const builders: Readonly<Record<string, (options: SgdOptions & AdamOptions) => Optimizer>> = { sgd, adam, adamw };

/** A loss whose gradients are what is fed: the sum of parameter times feed. */
async function follow(golden: OptimizerCase, optimizer: Optimizer): Promise<void> {
  const graph = createGraph();
  const products = golden.parameters.map(({ name, shape }) =>
    ops.reduceSum(ops.mul(graph.parameter(name, "float64", shape), graph.input(`g/${name}`, "float64", shape))),
  );
  const program = compileTraining({ loss: products.reduce((a, b) => ops.add(a, b)), optimizer });
  const state = Object.fromEntries(golden.parameters.map(({ name, data }) => [name, Float64Array.from(data)]));
  const session = await TrainingSession.create(program, backend, { seed: 1, state, threads: 1 });
  for (const [step, gradients] of golden.gradients.entries()) {
    const feeds = golden.parameters.map(({ name }, i) => [`g/${name}`, Float64Array.from(gradients[i]!)]);
    await session.run(Object.fromEntries(feeds), golden.learningRates[step]!);
    golden.parameters.forEach(({ name }, i) => {
      const values = Array.from(session.state()[name] as Float64Array);
      expectClose(values, golden.trajectory[step]![i]!, 1e-12, `${golden.name} step ${step + 1} ${name}`);
    });
  }
  for (const slot of optimizer.slots) {
    golden.parameters.forEach(({ name }, i) => {
      const values = Array.from(session.state()[`slot/${slot}/${name}`] as Float64Array);
      expectClose(values, golden.state[slot]![i]!, 1e-12, `${golden.name} ${slot} of ${name}`);
    });
  }
  await session.release();
}

describe("optimizers follow PyTorch's trajectory and state", () => {
  for (const golden of readGolden<OptimizerCase>("optim")) {
    const build = builders[golden.optimizer];
    if (build) it(golden.name, () => follow(golden, build(golden.options)));
  }
});

/** Rosenbrock's valley and an ill-conditioned bowl: every optimizer must get down both. */
describe("every optimizer converges", () => {
  const optimizers: Record<string, [Optimizer, number]> = {
    "sgd with momentum": [sgd({ momentum: 0.9 }), 5e-4],
    "sgd with nesterov": [sgd({ momentum: 0.9, nesterov: true }), 5e-4],
    adam: [adam(), 0.02],
    adamw: [adamw({ weightDecay: 0 }), 0.02],
  };
  for (const [name, [optimizer, learningRate]] of Object.entries(optimizers)) {
    it(name, async () => {
      expect(await descend(optimizer, learningRate, rosenbrock)).toBeLessThan(1e-2);
      expect(await descend(optimizer, learningRate, bowl)).toBeLessThan(1e-2);
    });
  }
});

type Problem = (x: ReturnType<ReturnType<typeof createGraph>["parameter"]>) => ReturnType<typeof ops.add>;

const element = (x: Parameters<Problem>[0], i: number) => ops.slice(x, [i], [i + 1], [0]);

const rosenbrock: Problem = (x) => {
  const [a, b] = [element(x, 0), element(x, 1)];
  const bend = ops.sub(b, ops.mul(a, a));
  const rest = ops.sub(1, a);
  return ops.reduceSum(ops.add(ops.mul(ops.mul(bend, bend), 100), ops.mul(rest, rest)));
};

const bowl: Problem = (x) => {
  const weighted = ops.mul(ops.mul(x, x), x.graph.constant(x.dtype, [2], [1, 50]));
  return ops.reduceSum(weighted);
};

async function descend(optimizer: Optimizer, learningRate: number, problem: Problem): Promise<number> {
  const graph = createGraph();
  const program = compileTraining({ loss: problem(graph.parameter("x", "float64", [2])), optimizer });
  const state = { x: Float64Array.of(-0.5, 0.8) };
  const session = await TrainingSession.create(program, backend, { seed: 1, state, threads: 1 });
  let loss = Number.POSITIVE_INFINITY;
  for (let step = 0; step < 4000; step++) loss = (await session.run({}, learningRate)).loss!;
  await session.release();
  return loss;
}

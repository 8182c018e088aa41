import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toTypedArray } from "../../src/dtype.js";
import {
  foldConstants,
  forInference,
  fromOnnx,
  type Graph,
  mergeCommon,
  printGraph,
  type TypedArray,
  toOnnx,
  verify,
} from "../../src/index.js";
import { backend } from "../backend.js";
import { runGraph } from "../harness.js";
import { largestError } from "../onnx-files.js";
import { run } from "../passes/same.js";
import type { Precision } from "./builder.js";
import { buildProgram, type Program, plans, STEPS, withGradients } from "./programs.js";

/** A failure prints seed and path; LIMBECK_TEST_SEED runs them again. */
const seed = Number(process.env.LIMBECK_TEST_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.LIMBECK_TEST_RUNS ?? 150);

/** Steps of central differences, and how far slopes may be apart. */
const DIFFERENCES = {
  float32: { step: 5e-3, tolerance: 1e-2 },
  float64: { step: 1e-5, tolerance: 1e-6 },
} as const;

/** Says what a graph is when something is wrong with it. */
async function explained(graph: Graph, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof Error) || fc.PreconditionFailure.isFailure(error)) throw error;
    throw new Error(`${error.message}\n${printGraph(graph)}`, { cause: error });
  }
}

type Results = Record<string, { shape: readonly number[]; data: number[] }>;

/** Runs a program where it is, a step ahead and a step behind. */
async function runThrice({ build, feeds, direction }: Program, step: number): Promise<[Results, Results, Results]> {
  const session = await backend.createSession(toOnnx(build.graph), { threads: 1 });
  const at = async (sign: number): Promise<Results> => {
    const inputs = build.graph.inputs.map(({ name, dtype, shape }) => {
      const moved = Array.from(feeds[name] as Float64Array, (value, i) => value + sign * step * direction[name]![i]!);
      return [name, backend.tensor(dtype, toTypedArray(dtype, moved) as Float32Array, shape)];
    });
    const results = await session.run(Object.fromEntries(inputs));
    const outputs = Object.entries(results).map(([name, { dims, data }]) => {
      return [name, { shape: dims, data: Array.from(data as ArrayLike<number | bigint>, Number) }];
    });
    return Object.fromEntries(outputs);
  };
  const results: [Results, Results, Results] = [await at(0), await at(1), await at(-1)];
  await session.release();
  return results;
}

async function checkGradients(program: Program, precision: Precision): Promise<void> {
  const { step, tolerance } = DIFFERENCES[precision];
  withGradients(program);
  verify(program.build.graph);
  const [here, ahead, behind] = await runThrice(program, step);
  const sides = (results: Results) => Object.entries(results).filter(([name]) => name.startsWith("side"));
  // On the other side of a kink there is another slope.
  const isSmooth = [ahead, behind].every((other) => JSON.stringify(sides(other)) === JSON.stringify(sides(here)));
  fc.pre(isSmooth);
  const terms = program.build.leaves.flatMap(({ name }) =>
    here[`d${name}`]!.data.map((slope, i) => slope * program.direction[name]![i]!),
  );
  const exact = terms.reduce((a, b) => a + b, 0);
  const numeric = (ahead.loss!.data[0]! - behind.loss!.data[0]!) / (2 * step);
  const scale = Math.max(
    1,
    here.size!.data[0]!,
    terms.reduce((sum, term) => sum + Math.abs(term), 0),
  );
  expect(Math.abs(numeric - exact) / scale, `${numeric} by differences, ${exact} exactly`).toBeLessThan(tolerance);
}

describe(`random graphs (seed ${seed})`, () => {
  it.each(["float64", "float32"] as const)(
    "have gradients that agree with finite differences: %s",
    async (precision) => {
      await fc.assert(
        fc.asyncProperty(plans(precision), async (plan) => {
          const program = buildProgram(plan, precision);
          await explained(program.build.graph, () => checkGradients(program, precision));
        }),
        { seed, numRuns: runs },
      );
    },
  );

  const tolerance = { float64: 1e-10, float32: 2e-4 } as const;

  async function expectSame(
    program: Program,
    precision: Precision,
    other: Graph,
    feeds = program.feeds,
  ): Promise<void> {
    verify(other);
    const expected = await runGraph(program.build.graph, program.feeds);
    const actual = await runGraph(other, feeds);
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [name, { shape, data }] of Object.entries(expected)) {
      expect(actual[name]!.shape, name).toEqual(shape);
      const error = largestError(actual[name]!.data as unknown as TypedArray, data as unknown as TypedArray);
      expect(error, `${name}\n${printGraph(other)}`).toBeLessThan(tolerance[precision]);
    }
  }

  it.each(["float64", "float32"] as const)("compute the same after each pass: %s", async (precision) => {
    await fc.assert(
      fc.asyncProperty(plans(precision), async (plan) => {
        const program = buildProgram(plan, precision);
        const { graph } = program.build;
        const parameters = Object.fromEntries(
          graph.inputs
            .filter(({ source }) => source.kind === "parameter")
            .map(({ name }) => [name, program.feeds[name]!]),
        );
        await explained(graph, async () => {
          const merged = mergeCommon(graph);
          expect(mergeCommon(merged).nodes).toHaveLength(merged.nodes.length);
          await expectSame(program, precision, merged);
          const frozen = forInference(graph, { parameters });
          await expectSame(program, precision, frozen);
          await expectSame(program, precision, await foldConstants(frozen, run));
        });
      }),
      { seed, numRuns: Math.ceil(runs / 3) },
    );
  });

  it.each(["float64", "float32"] as const)("survive being written and read: %s", async (precision) => {
    await fc.assert(
      fc.asyncProperty(plans(precision), async (plan) => {
        const program = buildProgram(plan, precision);
        await explained(program.build.graph, async () => {
          const { graph } = await fromOnnx(toOnnx(program.build.graph));
          await expectSame(program, precision, graph);
        });
      }),
      { seed, numRuns: Math.ceil(runs / 3) },
    );
  });
});

it("random programs know each step by one name", () => {
  expect(Object.keys(STEPS.float32).length).toBeGreaterThan(Object.keys(STEPS.float64).length + 20);
});

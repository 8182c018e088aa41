import { expect } from "vitest";
import { type Graph, probeWith, verify } from "../../src/index.js";
import { backend } from "../backend.js";
import { runGraph } from "../harness.js";
import { largestError, someNumbers } from "../onnx-files.js";

export const run = probeWith(backend);

export const count = (graph: Graph, op: string): number => graph.nodes.filter((node) => node.op === op).length;

/** Runs both graphs on the same numbers: their outputs have the same names, shapes and values. */
export async function expectSame(actual: Graph, expected: Graph, tolerance = 0): Promise<void> {
  verify(actual);
  const feeds = Object.fromEntries(expected.inputs.map(({ name, shape }) => [name, someNumbers(shape).data]));
  const [results, wanted] = [await runGraph(actual, feeds), await runGraph(expected, feeds)];
  expect(Object.keys(results)).toEqual(Object.keys(wanted));
  for (const [name, { shape, data }] of Object.entries(wanted)) {
    expect(results[name]!.shape).toEqual(shape);
    const error = largestError(Float64Array.from(results[name]!.data), Float64Array.from(data));
    expect(error, name).toBeLessThanOrEqual(tolerance);
  }
}

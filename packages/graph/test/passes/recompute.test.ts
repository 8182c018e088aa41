import { describe, expect, it } from "vitest";
import { compileTraining, createGraph, type Graph, gradients, ops, sgd, type Tensor } from "../../src/index.js";
import { recomputeProducts } from "../../src/passes/recompute.js";
import { count, expectSame } from "./same.js";

const WIDTH = 256;

/** Layers of a gated network on so many rows; the gradient of its mean squared output by every weight is returned. */
function gated({ rows = WIDTH, layers = 3 } = {}): { graph: Graph; loss: Tensor } {
  const graph = createGraph();
  let x = graph.input("x", "float32", [rows, WIDTH]);
  for (let layer = 0; layer < layers; layer++) {
    const weight = graph.parameter(`weight${layer}`, "float32", [WIDTH, WIDTH]);
    x = ops.matmul(ops.gelu(ops.matmul(x, weight)), weight);
  }
  return { graph, loss: ops.reduceMean(ops.mul(x, x)) };
}

function withGradients(options?: { rows?: number; layers?: number }): Graph {
  const { graph, loss } = gated(options);
  const weights = graph.inputs.filter(({ source }) => source.kind === "parameter");
  for (const [i, gradient] of gradients(loss, weights).entries()) graph.output(`gradient${i}`, gradient);
  return graph;
}

const products = (graph: Graph) => count(graph, "Mul");

describe("large products", () => {
  it("are computed again for the backward pass, to the same bits", async () => {
    const graph = withGradients();
    const recomputed = recomputeProducts(graph);
    expect(products(recomputed) - products(graph)).toBe(1); // The first layer's, which waits longest.
    await expectSame(recomputed, graph);
  });

  it("stay where they are small, or read again soon", () => {
    const small = withGradients({ rows: 4 });
    expect(recomputeProducts(small)).toBe(small);
    const shallow = withGradients({ layers: 1 });
    expect(recomputeProducts(shallow)).toBe(shallow);
  });

  it("are computed twice in a training step whose updates stand at its end", () => {
    const { loss } = gated();
    const { graph } = compileTraining({ loss, optimizer: sgd({ momentum: 0.9 }) });
    const factors = graph.nodes
      .filter(({ op }) => op === "Mul")
      .map(({ inputs }) => inputs.map((input) => input!.name));
    const known = new Set(factors.map((names) => names.join()));
    const twice = factors.filter(([a, b]) => a !== b && known.has([b, a].join()));
    expect(twice.length).toBeGreaterThanOrEqual(2);
  });
});

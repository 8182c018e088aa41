import { describe, expect, it } from "vitest";
import { createGraph, gradients, ops, type Tensor } from "../src/index.js";
import { readGolden } from "./golden.js";
import { expectClose, runGraph } from "./harness.js";

interface Facts {
  readonly shape: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly cotangent: readonly number[];
  readonly gradient: readonly number[];
}

interface Activation extends Facts {
  readonly kind: "activation";
  readonly low: number;
  readonly high: number;
  readonly scale: number;
  readonly zeroPoint: number;
}

interface Weight extends Facts {
  readonly kind: "weight";
  readonly axis: number;
  readonly largest: number;
}

function quantized(x: Tensor, golden: Activation | Weight): Tensor {
  if (golden.kind === "weight") return ops.fakeQuantizeWeight(x, golden.largest, golden.axis);
  const { scale, zeroPoint } = ops.unsignedRange(x.graph.scalar(golden.low), x.graph.scalar(golden.high));
  x.graph.output("scale", scale);
  x.graph.output("zeroPoint", zeroPoint);
  return ops.fakeQuantize(x, { scale, zeroPoint, low: 0, high: 255 });
}

describe("fake quantization agrees with PyTorch", () => {
  it.each(readGolden<Activation | Weight>("fake_quantize"))("of $kind $shape", async (golden) => {
    const graph = createGraph();
    const x = graph.parameter("x", "float32", golden.shape);
    const y = quantized(x, golden);
    const loss = ops.reduceSum(ops.mul(y, graph.constant("float32", golden.shape, golden.cotangent)));
    graph.output("y", y);
    graph.output("gradient", gradients(loss, [x])[0]!);
    const found = await runGraph(graph, { x: Float32Array.from(golden.x) });
    expectClose(found.y!.data, golden.y, 1e-6);
    expectClose(found.gradient!.data, golden.gradient, 1e-6);
    if (golden.kind === "weight") return;
    expect(found.scale!.data[0]).toBe(golden.scale);
    expect(found.zeroPoint!.data[0]).toBe(golden.zeroPoint);
  });
});

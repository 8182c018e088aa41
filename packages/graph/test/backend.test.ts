import { describe, expect, it } from "vitest";
import { createGraph, type ExecutionProvider, ops, toOnnx } from "../src/index.js";
import { backend, inBrowser } from "./backend.js";

const model = () => {
  const graph = createGraph();
  graph.output("y", ops.neg(graph.input("x", "float32", [2])));
  return toOnnx(graph);
};

async function negate(provider?: ExecutionProvider): Promise<unknown> {
  const session = await backend.createSession(model(), provider ? { provider } : {});
  const results = await session.run({ x: backend.tensor("float32", Float32Array.of(1, -2), [2]) });
  const { data } = results.y!;
  await session.release();
  return data;
}

describe("execution providers", () => {
  it("are the processor first, and whatever else works", { timeout: 120_000 }, async () => {
    const providers = await backend.providers();
    expect(providers[0]).toBe("cpu");
    for (const provider of providers) expect(await negate(provider)).toEqual(Float32Array.of(-1, 2));
    expect(await negate()).toEqual(Float32Array.of(-1, 2));
  });

  it.each(["cuda", "webgpu", "coreml", "dml", "gpu" as ExecutionProvider])(
    "%s: works, or an error lists what there is instead",
    async (provider) => {
      const providers = await backend.providers();
      if (providers.includes(provider)) return;
      const message = `this machine cannot run on ${provider}; it has ${providers.join(", ")}`;
      await expect(negate(provider)).rejects.toMatchObject({ code: "PROVIDER_MISSING", value: provider, message });
    },
  );

  it("are not blamed for a damaged model", async () => {
    await expect(backend.createSession(Uint8Array.of(1, 2, 3))).rejects.not.toHaveProperty("code");
  });
});

it.runIf(inBrowser)(
  "in a browser, WebAssembly runs on several threads and WebGPU is there (skipped in Node)",
  async () => {
    expect(globalThis.crossOriginIsolated).toBe(true);
    const { env } = await import("onnxruntime-web/wasm");
    await negate();
    expect(env.wasm.numThreads).toBe(2);
    expect(await backend.providers()).toContain("webgpu");
  },
);

import { TypedError } from "@limbeck/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, type HostTensor } from "../../src/support/safetensors.js";

const tensor = fc
  .array(fc.float({ noNaN: true }), { maxLength: 20 })
  .map((values): HostTensor => ({ dtype: "float32", shape: [values.length], data: Float32Array.from(values) }));
const file = fc.record({
  tensors: fc.dictionary(
    fc.stringMatching(/^[a-z.0-9/_]{1,20}$/).filter((name) => name !== "__proto__"),
    tensor,
  ),
  metadata: fc.dictionary(fc.stringMatching(/^[a-z]{1,10}$/), fc.string()),
});

describe("safetensors", () => {
  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(file, (content) => {
        const read = decodeSafetensors(encodeSafetensors(content), "x");
        expect(read.metadata).toEqual({ ...content.metadata });
        expect(read.tensors).toEqual({ ...content.tensors });
      }),
    );
  });

  it("reads numbers that begin at odd places of a file", () => {
    const bytes: HostTensor = { dtype: "uint8", shape: [3], data: Uint8Array.of(1, 2, 3) };
    const numbers: HostTensor = { dtype: "float32", shape: [2], data: Float32Array.of(1.5, -2) };
    const tensors = { bytes, numbers };
    const read = decodeSafetensors(Buffer.from(encodeSafetensors({ tensors, metadata: {} })), "x");
    expect(read.tensors).toEqual(tensors);
  });

  it("refuses the one name that would not come back", () => {
    const none: HostTensor = { dtype: "float32", shape: [0], data: new Float32Array() };
    const write = () => encodeSafetensors({ tensors: Object.fromEntries([["__proto__", none]]), metadata: {} });
    expect(write).toThrow(expect.objectContaining({ code: "FILE_UNWRITABLE", value: "__proto__" }));
  });

  it("answers any damage with a typed error", () => {
    fc.assert(
      fc.property(file, fc.nat(), fc.nat(255), (content, at, byte) => {
        const bytes = encodeSafetensors(content);
        const damaged = at % 2 === 0 ? bytes.slice(0, at % bytes.length) : bytes.slice();
        if (damaged.length > 0) damaged[at % damaged.length] = byte;
        try {
          decodeSafetensors(damaged, "x");
        } catch (error) {
          expect(error).toBeInstanceOf(TypedError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("aligns its data, as the format asks", () => {
    const bytes = encodeSafetensors({ tensors: {}, metadata: { a: "b" } });
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });
});

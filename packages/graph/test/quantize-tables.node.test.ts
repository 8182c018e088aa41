import { describe, expect, it } from "vitest";
import { fromOnnx, quantizeDynamic } from "../src/index.js";
import { encodeModel, float32, smallModel } from "./onnx-files.js";
import { type Asked, quantized, run, wave } from "./quantizing.js";

const [ROWS, COLUMNS, CLASSES] = [200, 8, 3];

/** Rows of a table by number, and a layer behind them; columns of the table have other ranges. */
const file = encodeModel(
  smallModel({
    opset: 17,
    inputs: { x: ["batch", 5] },
    outputs: ["y"],
    initializers: {
      table: float32(
        [ROWS, COLUMNS],
        [...wave([ROWS, COLUMNS], 0.7)].map((value, i) => value * 4 ** (i % COLUMNS)),
      ),
      w: float32(
        [COLUMNS, CLASSES],
        [...wave([COLUMNS, CLASSES], 0.4)].map((value, i) => value / 4 ** Math.floor(i / CLASSES)),
      ),
    },
    nodes: [
      { op: "Cast", inputs: ["x"], outputs: ["places"], attributes: { to: 7 } },
      { op: "Gather", inputs: ["table", "places"], outputs: ["rows"] },
      { op: "MatMul", inputs: ["rows", "w"], outputs: ["y"] },
    ],
  }),
);

const asked: Asked = { shape: [2, 5], data: Float32Array.from({ length: 10 }, (_, i) => (i * 37) % ROWS) };
const answers = async (model: Uint8Array) => [...(await run(model, asked, ["y"])).get("y")!];

describe("a table whose rows are taken by number", () => {
  it.each<[string, (exclude?: readonly string[]) => Promise<Uint8Array> | Uint8Array]>([
    ["dynamic", (exclude) => quantizeDynamic(file, { exclude })],
    ["static", (exclude) => quantized(file, asked, { exclude })],
  ])("becomes int8, a scale for each column, unless it is excluded: %s", async (_, quantize) => {
    const small = await quantize(["y"]);
    expect(small.byteLength).toBeLessThan(0.5 * file.byteLength);
    const [wanted, found] = [await answers(file), await answers(small)];
    for (const [i, value] of found.entries()) expect(Math.abs(value - wanted[i]!)).toBeLessThan(0.05);
    expect((await quantize(["y", "rows"])).byteLength).toBeGreaterThan(0.9 * file.byteLength);
    const { outputs } = await fromOnnx(small, { dims: { "*": 2 } });
    expect([...outputs.values()].map(({ shape }) => shape)).toEqual([[2, 5, CLASSES]]);
  });
});

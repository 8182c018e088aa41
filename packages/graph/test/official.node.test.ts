import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { TensorProto_DataType as DataType, ModelProtoSchema, type ValueInfoProto } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { fromOnnx, GraphError, type ImportedModel, type ImportOptions, toOnnx } from "../src/index.js";
import type { KnownValue } from "../src/onnx/data-types.js";
import { isHalf, widened } from "../src/onnx/half.js";
import { largestError, readTensorFile, runModel } from "./onnx-files.js";

/** The official operator cases of ONNX: Debian's package libonnx-testdata, or wherever LIMBECK_ONNX_CASES points. */
const root = process.env.LIMBECK_ONNX_CASES ?? "/usr/share/libonnx-testdata/data";
const FOLDERS = ["node", "simple", "pytorch-operator", "pytorch-converted"];
const TOLERANCE = 1e-4;
/** ONNX Runtime computes these transforms in single precision throughout. */
const LOOSE: Readonly<Record<string, number>> = { DFT: 1e-3 };
/** Graphs hold half precision as float32. */
const HALF_TOLERANCE = 1e-2;

/** Cases that cannot pass, with the reason; a pattern stands for the whole name. */
const EXCLUDED: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^test_(max|min)_u?int16$/, "ONNX Runtime has no 16-bit kernel"],
  [/^test_bitshift_(left|right)_uint16$/, "ONNX Runtime has no 16-bit kernel"],
  [
    /^test_resize_downsample_scales_(cubic|linear)_align_corners$/,
    "ONNX Runtime itself gives other numbers for the official file",
  ],
  [/^test_resize_.*_tf_half_pixel_for_nn$/, "opset 13 dropped this rule for coordinates"],
  [/^test_scan_sum$/, "Scan of opset 8, before the oldest opset that is read, runs over batches"],
  [/^test_training_dropout(_default)?(_mask)?$/, "random: the expected mask is that of NumPy's generator"],
];

/** What the whole design leaves out: such cases are skipped with the importer's own words. */
const BY_DESIGN = [/element type STRING/, /is no tensor/];

interface Case {
  readonly name: string;
  readonly folder: string;
  readonly operator: string;
}

function casesOf(folder: string): Case[] {
  return readdirSync(join(root, folder)).map((name) => {
    const path = join(root, folder, name);
    const nodes = fromBinary(ModelProtoSchema, readFileSync(join(path, "model.onnx"))).graph!.node;
    const operators = [...new Set(nodes.map(({ opType }) => opType))];
    return { name, folder: path, operator: operators.length === 1 ? operators[0]! : "several operators" };
  });
}

const elementTypeOf = ({ type }: ValueInfoProto) => (type?.value.case === "tensorType" ? type.value.value.elemType : 0);

function readSet(folder: string, kind: "input" | "output", infos: readonly ValueInfoProto[]): Map<string, KnownValue> {
  return new Map(
    infos.map((info, i) => {
      const value = readTensorFile(readFileSync(join(folder, `${kind}_${i}.pb`)));
      // Where a model has bfloat16, the cases have its bits.
      if (elementTypeOf(info) !== DataType.BFLOAT16 || value.dtype !== "uint16") return [info.name, value];
      return [info.name, { ...value, dtype: "float32", data: widened(DataType.BFLOAT16, value.data as Uint16Array) }];
    }),
  );
}

/** Shapes must be known when the graph is built: inputs that say shapes are fixed at what the case feeds. */
async function importCase(model: Uint8Array, feeds: ReadonlyMap<string, KnownValue>): Promise<ImportedModel> {
  const freeze: Record<string, KnownValue["data"]> = {};
  const sizes = [...feeds].flatMap(([name, { shape }]) => shape.map((size, axis) => [`${name}[${axis}]`, size]));
  const options: ImportOptions = { freeze, dims: Object.fromEntries(sizes) };
  for (;;) {
    try {
      return await fromOnnx(model, options);
    } catch (error) {
      if (
        !(error instanceof GraphError) ||
        error.code !== "NOT_CONSTANT" ||
        Object.keys(freeze).length === feeds.size
      ) {
        throw error;
      }
      const name = String(error.value);
      for (const [key, { data }] of feeds) if (!feeds.has(name) || key === name) freeze[key] = data;
    }
  }
}

/** Why a case is skipped, or nothing where the error is a fault of ours. */
function skipReason(error: unknown): string | undefined {
  if (!(error instanceof GraphError) || error.code !== "MODEL_UNSUPPORTED") return undefined;
  const isOperators = error.message.includes("operators that graphs do not have");
  return isOperators || BY_DESIGN.some((pattern) => pattern.test(error.message)) ? error.message : undefined;
}

async function runCase({ folder, operator }: Case): Promise<string | undefined> {
  const bytes = readFileSync(join(folder, "model.onnx"));
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  const set = join(folder, "test_data_set_0");
  const odd = [...graph!.input, ...graph!.output].find(({ type }) => type?.value.case !== "tensorType");
  if (odd) return `${odd.name} is no tensor`;
  let imported: ImportedModel;
  let feeds: Map<string, KnownValue>;
  const initializers = new Set(graph!.initializer.map(({ name }) => name));
  const fed = graph!.input.filter(({ name }) => !initializers.has(name));
  try {
    feeds = readSet(set, "input", fed);
    imported = await importCase(bytes, feeds);
  } catch (error) {
    const reason = skipReason(error);
    if (reason) return reason;
    throw error;
  }
  const results = await runModel(toOnnx(imported.graph), Object.fromEntries(feeds));
  const tolerance = graph!.output.some((info) => isHalf(elementTypeOf(info))) ? HALF_TOLERANCE : TOLERANCE;
  for (const [name, expected] of readSet(set, "output", graph!.output)) {
    expect(results[name]!.shape, `shape of ${name}`).toEqual(expected.shape);
    expect(largestError(results[name]!.data, expected.data), name).toBeLessThanOrEqual(LOOSE[operator] ?? tolerance);
  }
  return undefined;
}

const present = existsSync(root);
const cases = present ? FOLDERS.flatMap(casesOf) : [];

describe.skipIf(!present)("official ONNX cases (libonnx-testdata)", () => {
  for (const operator of [...new Set(cases.map((one) => one.operator))].sort()) {
    describe(operator, () => {
      for (const one of cases.filter((candidate) => candidate.operator === operator)) {
        it(one.name, async (context) => {
          const excluded = EXCLUDED.find(([pattern]) => pattern.test(one.name));
          if (excluded) return context.skip(excluded[1]);
          const reason = await runCase(one);
          if (reason) context.skip(reason);
        });
      }
    });
  }

  it("every exclusion still stands for a case", () => {
    const idle = EXCLUDED.filter(([pattern]) => !cases.some(({ name }) => pattern.test(name)));
    expect(idle).toEqual([]);
  });
});

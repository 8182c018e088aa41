import { create, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, type ValueInfoProto, ValueInfoProtoSchema } from "onnx-buf";
import { toTypedArray, zeros } from "../dtype.js";
import { GraphError } from "../errors.js";
import { sameShape, sizeOf } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import { dataTypeName, dtypeOf, type KnownValue } from "./data-types.js";
import type { ParsedModel } from "./model.js";

/** Sizes for dimensions that a file leaves open. */
export type DimensionBindings = Readonly<Record<string, number>>;

/**
 * The type of a model's input with every dimension bound: `input[axis]` wins over what the file says; open dimensions
 * are looked up by their symbol, then under `*`.
 * @throws GraphError OPTION_INVALID naming the open dimension
 */
export function inputType(info: ValueInfoProto, dims: DimensionBindings): TensorType {
  const type = info.type?.value;
  if (type?.case !== "tensorType") {
    throw new GraphError("MODEL_UNSUPPORTED", `input ${info.name} is no tensor`, { value: type?.case });
  }
  const { elemType, shape } = type.value;
  const dtype = dtypeOf(elemType);
  if (!dtype) {
    const name = dataTypeName(elemType);
    throw new GraphError("MODEL_UNSUPPORTED", `input ${info.name} has element type ${name}`, { value: name });
  }
  if (!shape) throw new GraphError("MODEL_UNSUPPORTED", `input ${info.name} has no shape`, { value: info.name });
  return { dtype, shape: shape.dim.map(({ value }, axis) => bind(info.name, axis, value, dims)) };
}

type Dimension = NonNullable<
  Extract<NonNullable<ValueInfoProto["type"]>["value"], { case: "tensorType" }>["value"]["shape"]
>["dim"][number]["value"];

function bind(name: string, axis: number, value: Dimension, dims: DimensionBindings): number {
  const symbol = value.case === "dimParam" && value.value !== "" ? value.value : undefined;
  const fixed = value.case === "dimValue" && value.value > 0 ? Number(value.value) : undefined;
  // Some exporters write 0 for an open dimension; others mean it.
  const empty = value.case === "dimValue" && value.value === 0n ? 0 : undefined;
  const size =
    dims[`${name}[${axis}]`] ?? fixed ?? (symbol === undefined ? undefined : dims[symbol]) ?? dims["*"] ?? empty;
  if (size !== undefined && Number.isSafeInteger(size) && size >= 0) return size;
  throw new GraphError("OPTION_INVALID", `dimension ${axis} of input ${name} is open${symbol ? `: ${symbol}` : ""}`, {
    value: symbol ?? `${name}[${axis}]`,
    fix: `Bind it: dims: { ${JSON.stringify(symbol ?? `${name}[${axis}]`)}: 1 }.`,
  });
}

/**
 * Runs a model once. Lets the import learn what only a run can tell: shapes, and integers computed from shapes.
 * @param model ONNX bytes
 * @returns values of the outputs by name
 */
export type ShapeProbe = (
  model: Uint8Array,
  feeds: Readonly<Record<string, KnownValue>>,
) => Promise<Readonly<Record<string, KnownValue>>>;

/** Values larger than this are data, not shapes. */
const LARGEST_SHAPE_VALUE = 65_536;

/**
 * Values that do not depend on what is fed: the model runs twice, on zeros and on ones, with every intermediate value as
 * an output, and what agrees counts as known.
 */
export async function probeConstants(
  model: ParsedModel,
  inputs: readonly Tensor[],
  probe: ShapeProbe,
): Promise<ReadonlyMap<string, KnownValue>> {
  const bytes = withAllOutputs(model);
  const [once, again] = [await runProbe(probe, bytes, inputs, 0), await runProbe(probe, bytes, inputs, 1)];
  return new Map(
    Object.entries(once).filter(([name, value]) => {
      const other = again[name];
      return other !== undefined && sizeOf(value.shape) <= LARGEST_SHAPE_VALUE && isSame(value, other);
    }),
  );
}

async function runProbe(probe: ShapeProbe, bytes: Uint8Array, inputs: readonly Tensor[], value: number) {
  try {
    return await probe(bytes, feedsOf(inputs, value));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GraphError("RUNTIME_FAILED", `the model could not be run to learn its shapes: ${reason}`, {
      cause,
      fix: "Fix the inputs that decide shapes with the option freeze instead of shapesOf.",
    });
  }
}

function isSame(a: KnownValue, b: KnownValue): boolean {
  return sameShape(a.shape, b.shape) && a.data.every((value: number | bigint, i: number) => value === b.data[i]);
}

function feedsOf(inputs: readonly Tensor[], value: number): Record<string, KnownValue> {
  return Object.fromEntries(
    inputs.map(({ name, dtype, shape }) => {
      return [name, { dtype, shape, data: zeros(dtype, sizeOf(shape)).fill(toTypedArray(dtype, [value])[0] as never) }];
    }),
  );
}

/** Operators whose outputs may be lists, which a run cannot return. */
const MAKES_LISTS = /^(Sequence(Empty|Construct|Insert|Erase|Map)|SplitToSequence|Loop|If|Optional)$/;

/** The same model with every value among its outputs, so that a run tells them all. */
export function withAllOutputs({ proto, graph }: ParsedModel): Uint8Array {
  const tensors = graph.node.filter((node) => !MAKES_LISTS.test(node.opType));
  const names = new Set(tensors.flatMap((node) => node.output).filter((name) => name !== ""));
  const known = graph.output.filter(({ name }) => names.delete(name) || tensors.length < graph.node.length);
  const others = [...names].map((name) => create(ValueInfoProtoSchema, { name }));
  return toBinary(ModelProtoSchema, { ...proto, graph: { ...graph, output: [...known, ...others] } });
}

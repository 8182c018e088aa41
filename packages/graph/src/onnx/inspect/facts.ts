import {
  TensorProto_DataLocation as DataLocation,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "onnx-buf";
import { GraphError } from "../../errors.js";
import { dataTypeName, dtypeOf } from "../data-types.js";
import { isHalf } from "../half.js";
import { type ParsedModel, subgraphsOf } from "../model.js";
import { type DimensionBindings, inputType } from "../shapes.js";
import { constantOf, type StoredTensor } from "../stored.js";
import type { BoundDimension, DeclaredValue, ModelFacts } from "./report.js";

export function dtypeLabel(dataType: number): string {
  const own = isHalf(dataType) ? undefined : dtypeOf(dataType);
  return own ?? dataTypeName(dataType).toLowerCase();
}

/** A tensor of the file without its numbers. */
export interface StoredFacts {
  readonly name: string;
  readonly dataType: number;
  readonly shape: readonly number[];
  readonly isExternal: boolean;
}

export function storedFacts(stored: StoredTensor): StoredFacts {
  const proto = stored.$typeName === "onnx.TensorProto" ? stored : stored.values;
  return {
    name: proto?.name ?? "",
    dataType: proto?.dataType ?? 0,
    shape: stored.dims.map(Number),
    isExternal: proto?.dataLocation === DataLocation.EXTERNAL,
  };
}

/** How a node is spoken of: by its name, or by its first result. */
export function nodeLabel({ name, output }: NodeProto): string {
  return name || output.find((candidate) => candidate !== "") || "";
}

/** Some exporters keep weights in Constant nodes: here they count as initializers. */
export function withHoistedConstants(model: ParsedModel): ParsedModel {
  const initializers = new Map(model.initializers);
  const hoisted: TensorProto[] = [];
  const node = model.graph.node.filter((candidate) => {
    const tensor = constantOf(candidate);
    const name = candidate.output[0];
    if (tensor?.$typeName !== "onnx.TensorProto" || !name || initializers.has(name)) return true;
    tensor.name = name;
    initializers.set(name, tensor);
    hoisted.push(tensor);
    return false;
  });
  return {
    ...model,
    graph: { ...model.graph, node, initializer: [...model.graph.initializer, ...hoisted] },
    initializers,
  };
}

/** The nodes of a graph and of all graphs within it. */
export function allNodes(graph: GraphProto): NodeProto[] {
  return graph.node.flatMap((node) => [node, ...subgraphsOf(node).flatMap(allNodes)]);
}

/** Initializers of graphs within the nodes of a graph. */
export function innerInitializers(graph: GraphProto): TensorProto[] {
  return graph.node.flatMap(subgraphsOf).flatMap((inner) => [...inner.initializer, ...innerInitializers(inner)]);
}

/** Inputs that are fed, not stored. */
export function fedInputs({ graph, initializers }: ParsedModel): ValueInfoProto[] {
  return graph.input.filter(({ name }) => !initializers.has(name));
}

export function modelFacts({ proto, opsets, metadata, initializers }: ParsedModel, bytes: number): ModelFacts {
  return {
    producer: proto.producerName,
    producerVersion: proto.producerVersion,
    irVersion: Number(proto.irVersion),
    opsets: Object.fromEntries([...opsets].map(([domain, version]) => [domain || "ai.onnx", version])),
    metadata,
    bytes,
    externalData: externalFiles([...initializers.values()].filter((tensor) => tensor.$typeName === "onnx.TensorProto")),
  };
}

function externalFiles(tensors: readonly TensorProto[]): ModelFacts["externalData"] {
  const files = new Map<string, number>();
  for (const tensor of tensors) {
    if (tensor.dataLocation !== DataLocation.EXTERNAL) continue;
    const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
    const location = entries.get("location") ?? "";
    const end = Number(entries.get("offset") ?? 0) + Number(entries.get("length") ?? 0);
    files.set(location, Math.max(files.get(location) ?? 0, end));
  }
  return [...files].map(([location, bytes]) => ({ location, bytes }));
}

export function declared({ name, type }: ValueInfoProto): DeclaredValue {
  if (type?.value.case !== "tensorType") return { name, dtype: null, shape: null };
  const { elemType, shape } = type.value.value;
  const sizes = shape?.dim.map(({ value }) => {
    if (value.case === "dimValue") return value.value >= 0n ? Number(value.value) : "?";
    return value.case === "dimParam" && value.value !== "" ? value.value : "?";
  });
  return { name, dtype: dtypeLabel(elemType), shape: sizes ?? null };
}

/** What an image's open height and width are taken to be. */
const IMAGE_SIZE = 224;
const IMAGE_CHANNELS: ReadonlySet<number | string> = new Set([1, 3, 4]);

/** Whether an axis is the height or width of images, [N, C, H, W] or [N, H, W, C]. */
function isImageSide(shape: readonly (number | string)[], axis: number): boolean {
  if (shape.length !== 4) return false;
  if (IMAGE_CHANNELS.has(shape[1]!)) return axis >= 2;
  return IMAGE_CHANNELS.has(shape[3]!) && (axis === 1 || axis === 2);
}

/**
 * Open dimensions of the inputs with their sizes: those asked for, 224 for height and width of images, and 1 for others.
 * @throws GraphError OPTION_INVALID for sizes that belong to no dimension
 */
export function boundDimensions(model: ParsedModel, dims: DimensionBindings): BoundDimension[] {
  const places = fedInputs(model)
    .map(declared)
    .flatMap(({ name, shape }) =>
      (shape ?? []).map((size, axis) => ({ place: `${name}[${axis}]`, size, axis, shape: shape! })),
    );
  const bound = new Map<string, BoundDimension>();
  const known = new Set(["*"]);
  for (const { place, size, axis, shape } of places) {
    const isNamed = typeof size === "string" && size !== "?";
    known.add(place);
    if (isNamed) known.add(size);
    if (!(place in dims) && typeof size === "number" && size > 0) continue;
    const name = isNamed && !(place in dims) ? size : place;
    const asked = dims[name] ?? dims["*"];
    if (!bound.has(name)) {
      bound.set(name, { name, size: asked ?? (isImageSide(shape, axis) ? IMAGE_SIZE : 1), given: asked !== undefined });
    }
  }
  const unknown = Object.keys(dims).find((name) => !known.has(name));
  if (unknown === undefined) return [...bound.values()];
  throw new GraphError("OPTION_INVALID", `the model has no dimension ${unknown}`, {
    value: unknown,
    fix: bound.size > 0 ? `It leaves open ${[...bound.keys()].join(", ")}.` : "It leaves none open.",
  });
}

/** The type of a value if the file states all of it. */
export function statedType(info: ValueInfoProto, dims: DimensionBindings): ReturnType<typeof inputType> | undefined {
  try {
    return inputType(info, dims);
  } catch (error) {
    if (error instanceof GraphError) return undefined;
    throw error;
  }
}

import type { GraphProto } from "onnx-buf";
import { GraphError } from "../../errors.js";
import type { Graph } from "../../graph.js";
import type { Tensor } from "../../tensor.js";
import type { RawAttribute, RawAttributes } from "../attributes.js";
import { type Sequence, tensorOf, type Value } from "../scope.js";

/** A node that holds graphs or handles lists, on its way into a graph that has neither. */
export interface StructureCall {
  readonly op: string;
  readonly opset: number;
  readonly graph: Graph;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: RawAttributes;
  /** Number of outputs that the file names. */
  readonly outputCount: number;
  /** Adds a node, or works it out where its inputs are constants. */
  emit(op: string, inputs: readonly (Tensor | undefined)[], attributes?: RawAttributes): Tensor;
  /** Announces nodes that are about to be made. @throws GraphError MODEL_UNSUPPORTED where they would be too many */
  unroll(nodes: number): void;
  /** Runs a graph among the attributes on some inputs. `label` tells the values of several runs apart. */
  run(body: GraphProto, inputs: readonly Value[], label?: string): readonly Value[];
}

/** Control flow and lists are worked out while a model is read. */
export interface Structure {
  readonly op: string;
  /** Attributes with graphs of which every node will run. */
  readonly bodies?: readonly string[];
  expand(call: StructureCall): readonly Value[];
}

/** An input that must be there. */
export function inputValue(call: StructureCall, index: number): Value {
  const value = call.inputs[index];
  if (value) return value;
  throw new GraphError("MODEL_INVALID", `${call.op} has no input ${index}`, { value: index });
}

export function itemsOf(call: StructureCall, index: number): readonly Tensor[] {
  const value = inputValue(call, index);
  if ("items" in value) return value.items;
  throw new GraphError("MODEL_INVALID", `${call.op} takes a list as input ${index}`, { value: index });
}

export function tensorAt(call: StructureCall, index: number): Tensor {
  return tensorOf(inputValue(call, index));
}

export const sequence = (items: readonly Tensor[]): Sequence => ({ items });

/** A graph among the attributes. */
export function bodyOf(call: StructureCall, name: string): GraphProto {
  const value = call.attributes[name];
  if (isGraph(value)) return value;
  throw new GraphError("MODEL_INVALID", `${call.op} has no graph ${name}`, { value: name });
}

function isGraph(value: RawAttribute | undefined): value is GraphProto {
  return typeof value === "object" && "$typeName" in value;
}

/**
 * A number that must be known when the graph is built.
 * @throws GraphError NOT_CONSTANT
 */
export function knownNumber(call: StructureCall, tensor: Tensor, what: string): number {
  if (tensor.source.kind === "constant" && tensor.source.data.length === 1) return Number(tensor.source.data[0]);
  throw new GraphError("NOT_CONSTANT", `${call.op} needs ${what}, ${tensor.name}, when the graph is built`, {
    value: tensor.name,
    fix: "Give the option shapesOf, or fix the input that it depends on with the option freeze.",
  });
}

/** Puts tensors of one shape into one, along a new axis. */
export function stacked(call: StructureCall, items: readonly Tensor[], axis = 0): Tensor {
  const rank = (items[0]?.shape.length ?? 0) + 1;
  const at = axis < 0 ? axis + rank : axis;
  return call.emit(
    "Concat",
    items.map((item) => call.emit("Unsqueeze", [item, call.graph.ints([at])])),
    { axis: at },
  );
}

import type { GraphProto } from "onnx-buf";
import { sizeOf } from "../shape.js";
import { fitting } from "./glob.js";
import { operatorOf, type ParsedModel } from "./model.js";
import { nestedGraphs } from "./order.js";
import { constantOf, type StoredTensor } from "./stored.js";

/** Operators whose inputs from this one on shape the graph, or follow the data, rather than being weights. */
const SETTINGS: ReadonlyMap<string, number> = new Map([
  ["BatchNormalization", 3],
  ["Clip", 1],
  ["DequantizeLinear", 1],
  ["Dropout", 1],
  ["OneHot", 1],
  ["Pad", 1],
  ["QuantizeLinear", 1],
  ["Resize", 1],
  ["Upsample", 1],
]);

/** Names of stored tensors to train. */
export interface Chosen {
  readonly names: ReadonlySet<string>;
  /** Those of them that a pattern chose, rather than their full name. */
  readonly byPattern: ReadonlySet<string>;
}

/**
 * The stored tensors that patterns choose. A tensor named in full is taken as it is; patterns pass over scalars, single
 * numbers in Constant nodes, running statistics and settings.
 * @throws GraphError OPTION_INVALID for patterns that fit nothing
 */
export function trainableNames(model: ParsedModel, patterns: readonly string[]): Chosen {
  const { names, weights } = candidates(model);
  const [full, globs] = [patterns.filter((name) => names.has(name)), patterns.filter((name) => !names.has(name))];
  const byPattern = new Set(globs.flatMap((pattern) => fitting(weights, pattern, "initializer")));
  for (const name of full) byPattern.delete(name);
  return { names: new Set([...full, ...byPattern]), byPattern };
}

/** Names of the stored tensors that patterns choose among, element types aside. */
export function weightNames(model: ParsedModel): ReadonlySet<string> {
  return candidates(model).weights;
}

function candidates(model: ParsedModel): { names: ReadonlySet<string>; weights: ReadonlySet<string> } {
  const graphs = [model.graph, ...nestedGraphs(model.graph.node)];
  const settings = new Set(graphs.flatMap(settingsOf));
  const stored = graphs.flatMap(storedIn);
  const weights = stored.filter(({ name, isWeight }) => isWeight && !settings.has(name));
  return { names: new Set(stored.map(({ name }) => name)), weights: new Set(weights.map(({ name }) => name)) };
}

/** The choice without some names. */
export function passOver({ names, byPattern }: Chosen, dropped: ReadonlySet<string>): Chosen {
  const kept = (set: ReadonlySet<string>) => new Set([...set].filter((name) => !dropped.has(name)));
  return { names: kept(names), byPattern: kept(byPattern) };
}

function settingsOf(graph: GraphProto): string[] {
  return graph.node.flatMap((node) => node.input.slice(SETTINGS.get(operatorOf(node)) ?? node.input.length));
}

interface Candidate {
  readonly name: string;
  readonly isWeight: boolean;
}

function storedIn(graph: GraphProto): Candidate[] {
  const initializers: Candidate[] = [
    ...graph.initializer.map(({ name, dims }) => ({ name, isWeight: dims.length > 0 })),
    ...graph.sparseInitializer.map(({ values, dims }) => ({ name: values?.name ?? "", isWeight: dims.length > 0 })),
  ];
  const constants = graph.node.flatMap((node): Candidate[] => {
    const value: StoredTensor | undefined = constantOf(node);
    return value ? [{ name: node.output[0] ?? "", isWeight: sizeOf(value.dims.map(Number)) > 1 }] : [];
  });
  return [...initializers, ...constants];
}

import type { NodeProto } from "onnx-buf";
import { domainOf, subgraphsOf } from "../onnx/model.js";
import { innerNames, type ModelEditor } from "./editor.js";

/** Inputs that stay in single precision, by operator: sizes and places, not values. */
const SINGLE_INPUTS: Readonly<Record<string, readonly number[]>> = { Resize: [1, 2], Upsample: [1] };
/** Take or give float32 whatever the rest of the network does. */
const SINGLE_ONLY = new Set(
  `Celu NonMaxSuppression RoiAlign MelWeightMatrix STFT DFT RandomNormal RandomUniform Range HannWindow HammingWindow
  BlackmanWindow TfIdfVectorizer ConstantOfShape`.split(/\s+/),
);

/**
 * Nodes that stay in single precision: those whose operators know nothing else, those with branches or bodies, and those that
 * compute with sizes of values, which half precision would round to other sizes.
 */
export function singleNodes(editor: ModelEditor): ReadonlySet<NodeProto> {
  const single = new Set<NodeProto>();
  /** Values that depend on sizes alone. */
  const sizes = new Set<string>();
  for (const node of editor.nodes) {
    const inputs = node.input.filter((name) => name !== "");
    const ofSizes =
      /^(Shape|Size)$/.test(node.opType) ||
      (inputs.some((name) => sizes.has(name)) && inputs.every((name) => sizes.has(name) || editor.constants.has(name)));
    if (ofSizes) for (const name of node.output) sizes.add(name);
    if (ofSizes || knowsSingleOnly(editor, node)) single.add(node);
  }
  return single;
}

/** Names of the values that a node takes in single precision, those that its branches take among them. */
export function singleInputs(node: NodeProto, isSingle: boolean): readonly string[] {
  if (isSingle) return [...node.input, ...innerNames(node)];
  return (SINGLE_INPUTS[node.opType] ?? []).map((i) => node.input[i] ?? "");
}

/** Whether one of a node's inputs stays in single precision though the node does not. */
export function isSingleInput(node: NodeProto, place: number): boolean {
  return SINGLE_INPUTS[node.opType]?.includes(place) ?? false;
}

function knowsSingleOnly(editor: ModelEditor, node: NodeProto): boolean {
  if (node.opType === "Constant") return !editor.constants.has(node.output[0]!);
  return (
    SINGLE_ONLY.has(node.opType) ||
    subgraphsOf(node).length > 0 ||
    editor.isFunction(node) ||
    domainOf(node.domain) === "ai.onnx.ml"
  );
}

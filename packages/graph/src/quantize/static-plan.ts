import type { NodeProto } from "onnx-buf";
import { domainOf } from "../onnx/model.js";
import type { ModelEditor } from "./editor.js";
import { type LayerChoice, type WeightedLayer, weightedLayers } from "./layers.js";

/** Give back what they take, in another order or in part: input and output have one scale. */
const SAME_SCALE = new Set(["MaxPool", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze"]);
/** Have 8-bit kernels of their own. */
const OWN_SCALE = new Set(["Add", "Concat", "AveragePool", "GlobalAveragePool"]);

/** Take several values that are computed; all others take one. */
const SEVERAL = new Set(["Add", "Concat"]);

/** What becomes of a model's values when it runs in 8 bits. */
export interface StaticPlan {
  readonly layers: readonly WeightedLayer[];
  /** Nodes that run in 8 bits. */
  readonly quantized: ReadonlySet<NodeProto>;
  /** Activations that run as a part of the layer before them. */
  readonly absorbed: ReadonlySet<NodeProto>;
  /** Values that become whole numbers. */
  readonly values: ReadonlySet<string>;
  /** Values whose scale is another one's. */
  readonly sameScale: ReadonlyMap<string, string>;
}

/**
 * Finds out which nodes run in 8 bits: layers with weights, and what stands between them and loses nothing by it.
 * Activations of other kinds stay in floating point.
 */
export function planStatic(editor: ModelEditor, choice: LayerChoice = {}): StaticPlan {
  const layers = weightedLayers(editor, choice);
  const layerNodes = new Set(layers.map(({ node }) => node));
  const uses = editor.uses();
  const quantized = new Set<NodeProto>();
  const absorbed = new Set<NodeProto>();
  /** Results of nodes in 8 bits. */
  const whole = new Set<string>();
  const sameScale = new Map<string, string>();
  const inner = new Map<string, NodeProto>();
  for (const node of editor.nodes) {
    const [input, output] = [node.input[0] ?? "", node.output[0] ?? ""];
    const layer = inner.get(input);
    if (layer && uses.get(input) === 1 && isAbsorbable(editor, node)) {
      absorbed.add(node);
      whole.delete(input);
      whole.add(output);
    } else if (layerNodes.has(node)) {
      quantized.add(node);
      inner.set(output, node);
      whole.add(output);
    } else if (joins(editor, node, whole)) {
      quantized.add(node);
      whole.add(output);
      if (SAME_SCALE.has(node.opType)) sameScale.set(output, input);
      if (node.opType === "Add") inner.set(output, node);
    }
  }
  const values = valuesOf(editor, quantized, absorbed, whole);
  return { layers, quantized, absorbed, values, sameScale };
}

/** Of the results, those of matrix products that nobody takes in 8 bits stay as they are: ONNX Runtime can give them so. */
function valuesOf(
  editor: ModelEditor,
  quantized: ReadonlySet<NodeProto>,
  absorbed: ReadonlySet<NodeProto>,
  whole: ReadonlySet<string>,
): Set<string> {
  const taken = new Set([...quantized].flatMap((node) => activationsOf(editor, node)));
  const made = new Map([...quantized, ...absorbed].map((node) => [node.output[0]!, node]));
  const isProduct = (name: string): boolean => {
    const node = made.get(name);
    return node?.opType === "Gemm" || node?.opType === "MatMul";
  };
  return new Set([...taken, ...[...whole].filter((name) => taken.has(name) || !isProduct(name))]);
}

/** The inputs of a node in 8 bits that are computed. */
export function activationsOf(editor: ModelEditor, node: NodeProto): string[] {
  const inputs = SEVERAL.has(node.opType) ? node.input : node.input.slice(0, 1);
  return inputs.filter((name) => name !== "" && !editor.constants.has(name));
}

/** ReLU, and Clip from zero on: the zero point of whole numbers cuts off what they would. */
function isAbsorbable(editor: ModelEditor, node: NodeProto): boolean {
  if (domainOf(node.domain) !== "") return false;
  if (node.opType === "Relu") return true;
  if (node.opType !== "Clip") return false;
  const least = editor.floats(node.input[1]);
  return least?.data.length === 1 && least.data[0] === 0;
}

function joins(editor: ModelEditor, node: NodeProto, whole: ReadonlySet<string>): boolean {
  if (domainOf(node.domain) !== "" || node.output.filter((name) => name !== "").length !== 1) return false;
  if (!SAME_SCALE.has(node.opType) && !OWN_SCALE.has(node.opType)) return false;
  const inputs = activationsOf(editor, node);
  const areAll = !SEVERAL.has(node.opType) || inputs.length === node.input.length;
  return areAll && inputs.length > 0 && inputs.every((name) => whole.has(name));
}

/** The value whose scale a value has: its own, or that of what it was moved from. */
export function scaleOf(name: string, { values, sameScale }: Pick<StaticPlan, "values" | "sameScale">): string {
  let known = name;
  for (let from = sameScale.get(known); from !== undefined && values.has(from); from = sameScale.get(known))
    known = from;
  return known;
}

import type { NodeProto } from "onnx-buf";
import { matchesGlob } from "../onnx/glob.js";
import { domainOf } from "../onnx/model.js";
import { quantizeWeight } from "./affine.js";
import { type ModelEditor, nodeOf, numberAttribute, rewired } from "./editor.js";
import type { LayerChoice } from "./layers.js";

/** A node that takes rows of a constant table by their numbers, as embeddings do. */
export interface TableLookup {
  readonly node: NodeProto;
  /** The node's name; of one that has none, or one that another node has as well, that of its output. */
  readonly name: string;
  readonly table: string;
}

/** Tables that can be quantized, in the order in which they are read. */
export function tableLookups(editor: ModelEditor, { exclude = [], only }: LayerChoice = {}): TableLookup[] {
  const counts = new Map<string, number>();
  for (const { name } of editor.nodes) counts.set(name, (counts.get(name) ?? 0) + 1);
  return editor.nodes
    .filter((node) => isLookup(editor, node))
    .map((node) => ({
      node,
      name: node.name !== "" && counts.get(node.name) === 1 ? node.name : node.output[0]!,
      table: node.input[0]!,
    }))
    .filter(({ name }) => only?.includes(name) ?? true)
    .filter(({ name }) => !exclude.some((pattern) => matchesGlob(name, pattern)));
}

/**
 * Makes tables int8, with a scale for each column; the rows that are taken become real numbers again. Nothing has to be calibrated for them.
 * @throws GraphError MODEL_INVALID where a number of a table is not finite
 */
export function quantizeTables(editor: ModelEditor, choice: LayerChoice): void {
  const chosen = new Set(tableLookups(editor, choice).map(({ node }) => node));
  editor.nodes = editor.nodes.flatMap((node) => (chosen.has(node) ? lookup(editor, node) : [node]));
}

function isLookup(editor: ModelEditor, node: NodeProto): boolean {
  if (node.opType !== "Gather" || domainOf(node.domain) !== "" || numberAttribute(node, "axis", 0) !== 0) return false;
  const [table, places] = node.input;
  return editor.isFloat(table!) && editor.constants.get(table!)!.dims.length === 2 && !editor.constants.has(places!);
}

function lookup(editor: ModelEditor, node: NodeProto): NodeProto[] {
  const [table, places] = node.input as [string, string];
  const output = node.output[0]!;
  const { shape, data } = editor.finiteFloats(table)!;
  const whole = quantizeWeight(data, shape, 1);
  const columns = whole.scales.length;
  const rows = editor.fresh(`${output}_rows`);
  const inputs = [
    rows,
    editor.constant(`${table}_scale`, "float32", [columns], whole.scales),
    editor.constant(`${table}_zero_point`, "int8", [columns], new Array<number>(columns).fill(0)),
  ];
  return [
    rewired(node, {
      input: [editor.constant(`${table}_quantized`, "int8", shape, whole.data), places],
      output: [rows],
    }),
    nodeOf("DequantizeLinear", inputs, [output], { axis: -1 }),
  ];
}

import type { NodeProto } from "onnx-buf";
import { domainOf } from "../onnx/model.js";
import { quantizeWeight } from "./affine.js";
import { type ModelEditor, nodeOf, numberAttribute, rewired } from "./editor.js";
import { chosen, type LayerChoice, named } from "./layers.js";

/** A node that takes rows of a constant table by their numbers, as embeddings do. */
export interface TableLookup {
  readonly node: NodeProto;
  /** The node's name; of one that has none, or one that another node has as well, that of its output. */
  readonly name: string;
  readonly table: string;
}

/** Tables that can be quantized, in the order in which they are read. */
export function tableLookups(editor: ModelEditor, choice: LayerChoice = {}): TableLookup[] {
  const lookups = editor.nodes.filter((node) => isLookup(editor, node));
  const tables = lookups.map((node) => ({ node, table: node.input[0]! }));
  return chosen(named(tables, editor.nodes), choice);
}

/**
 * Makes tables int8, with a scale for each column; the rows that are taken become real numbers again. Nothing has to be calibrated for them.
 * @throws GraphError MODEL_INVALID where a number of a table is not finite
 */
export function quantizeTables(editor: ModelEditor, choice: LayerChoice): void {
  const nodes = new Set(tableLookups(editor, choice).map(({ node }) => node));
  editor.nodes = editor.nodes.flatMap((node) => (nodes.has(node) ? lookup(editor, node) : [node]));
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

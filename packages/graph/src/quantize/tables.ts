import type { NodeProto } from "onnx-buf";
import { matchesGlob } from "../onnx/glob.js";
import { domainOf } from "../onnx/model.js";
import { quantizeWeight } from "./affine.js";
import { type ModelEditor, nodeOf, numberAttribute, rewired } from "./editor.js";
import type { LayerChoice } from "./layers.js";

/**
 * Tables whose rows are taken by number, such as embeddings, as int8 with a scale for each column; the rows that are taken become real
 * numbers again. Nothing has to be calibrated for them, and they are no layers that are tried one by one: where `only` some layers are
 * quantized, tables are not.
 * @throws GraphError MODEL_INVALID where a number of a table is not finite
 */
export function quantizeTables(editor: ModelEditor, { exclude = [], only }: LayerChoice): void {
  if (only) return;
  const isChosen = ({ name, output }: NodeProto) =>
    !exclude.some((pattern) => matchesGlob(name === "" ? output[0]! : name, pattern));
  editor.nodes = editor.nodes.flatMap((node) =>
    isLookup(editor, node) && isChosen(node) ? lookup(editor, node) : [node],
  );
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

import { TensorProto_DataType as DataType, type NodeProto, type ValueInfoProto } from "onnx-buf";
import { GraphError } from "../errors.js";
import { domainOf, subgraphsOf } from "../onnx/model.js";
import { constantOf } from "../onnx/stored.js";
import type { ModelEditor } from "./editor.js";

/** Give integers or truth values, whatever they take. */
const OTHERS = new Set(
  `Shape Size ArgMax ArgMin NonZero NonMaxSuppression Equal Greater GreaterOrEqual Less LessOrEqual And Or Not Xor IsNaN IsInf
  BitwiseAnd BitwiseOr BitwiseNot BitwiseXor BitShift Multinomial`.split(/\s+/),
);
/** Give float32, whatever they take, unless an attribute says otherwise. */
const MAKERS = new Set([
  "RandomNormal",
  "RandomUniform",
  "MelWeightMatrix",
  "HannWindow",
  "HammingWindow",
  "BlackmanWindow",
  "TfIdfVectorizer",
]);
/** Operators with outputs of the type of another input than the first. */
const TYPED_BY: Readonly<Record<string, number>> = { Where: 1, OneHot: 2, CastLike: 1 };
/** Operators whose later outputs are places or truth values. */
const FIRST_ALONE = new Set(["TopK", "MaxPool", "Dropout", "Unique"]);

/**
 * Names of the values of float32 that a model's nodes take and give, those inside of branches apart.
 * @throws GraphError MODEL_UNSUPPORTED where the type of a value is neither stated nor known
 */
export function floatValues(editor: ModelEditor): ReadonlySet<string> {
  const { graph } = editor;
  const floats = new Set(graph.input.filter(isFloat).map(({ name }) => name));
  for (const name of editor.constants.keys()) if (editor.isFloat(name)) floats.add(name);
  for (const { values } of graph.sparseInitializer) if (values?.dataType === DataType.FLOAT) floats.add(values.name);
  const stated = new Map([...graph.valueInfo, ...graph.output].filter(isStated).map((info) => [info.name, info]));
  for (const node of editor.nodes) {
    node.output.forEach((name, i) => {
      const info = stated.get(name);
      if (name !== "" && (info ? isFloat(info) : givesFloat(editor, node, i, floats))) floats.add(name);
    });
  }
  return floats;
}

/** Whether a value is a tensor of float32. */
export function isFloat({ type }: ValueInfoProto): boolean {
  return type?.value.case === "tensorType" && type.value.value.elemType === DataType.FLOAT;
}

function isStated({ type }: ValueInfoProto): boolean {
  return type?.value.case === "tensorType" ? type.value.value.elemType !== 0 : type?.value.case !== undefined;
}

function givesFloat(editor: ModelEditor, node: NodeProto, output: number, floats: ReadonlySet<string>): boolean {
  const { opType, input } = node;
  if (subgraphsOf(node).length > 0) return ofBody(node, output);
  if (editor.isFunction(node) || domainOf(node.domain) === "ai.onnx.ml") throw unknownType(node);
  if (OTHERS.has(opType) || (output > 0 && FIRST_ALONE.has(opType))) return false;
  if (opType === "Constant") return constantIsFloat(node);
  if (opType === "ConstantOfShape") {
    const value = node.attribute.find(({ name }) => name === "value")?.t;
    return !value || value.dataType === DataType.FLOAT;
  }
  const type = node.attribute.find(({ name }) => name === "to" || name === "dtype" || name === "output_datatype");
  if (type) return Number(type.i) === DataType.FLOAT;
  return MAKERS.has(opType) || floats.has(input[TYPED_BY[opType] ?? 0] ?? "");
}

function constantIsFloat(node: NodeProto): boolean {
  const held = constantOf(node);
  if (held) return (held.$typeName === "onnx.TensorProto" ? held : held.values)?.dataType === DataType.FLOAT;
  return node.attribute.some(({ name }) => name.startsWith("value_float"));
}

/** A loop's body first says whether it goes on; the branches of If and the body of Scan give what the node gives. */
function ofBody(node: NodeProto, output: number): boolean {
  const info = subgraphsOf(node)[0]!.output[node.opType === "Loop" ? output + 1 : output];
  if (!info || !isStated(info)) throw unknownType(node);
  return isFloat(info);
}

function unknownType(node: NodeProto): GraphError {
  return new GraphError("MODEL_UNSUPPORTED", `what ${node.opType} gives is of a type that the file does not state`, {
    where: node.name || node.output[0]!,
    value: node.opType,
    fix: "Run onnx.shape_inference on the file first, or quantize it to int8.",
  });
}

import { TensorProto_DataType as DataType, type TensorProto } from "onnx-buf";
import { isFloat } from "../dtype.js";
import { dtypeOf } from "./data-types.js";
import { operatorOf, type ParsedModel } from "./model.js";

/** Operators whose inputs from some position on are no weights: they shape the result, or are statistics of the data. */
const SETTINGS: Readonly<Record<string, number>> = {
  BatchNormalization: 3,
  Clip: 1,
  Dropout: 1,
  OneHot: 1,
  Pad: 1,
  Resize: 1,
  Upsample: 1,
};

/** Names of initializers that are settings rather than weights, such as the bounds of Clip and running statistics. */
function settingNames(model: ParsedModel): ReadonlySet<string> {
  const settings = model.graph.node.flatMap((node) => {
    const first = SETTINGS[operatorOf(node)];
    return first === undefined ? [] : node.input.slice(first);
  });
  return new Set(settings);
}

/** Whether a tensor holds numbers of floating point, of any precision. */
export function isFloatTensor({ dataType }: TensorProto): boolean {
  const dtype = dtypeOf(dataType);
  return dtype ? isFloat(dtype) : dataType === DataType.FLOAT16 || dataType === DataType.BFLOAT16;
}

/** Initializers that could be trained: numbers of floating point with a shape that are no settings. */
export function weightNames(model: ParsedModel): string[] {
  const settings = settingNames(model);
  return [...model.initializers]
    .filter(([name, tensor]) => tensor.dims.length > 0 && isFloatTensor(tensor) && !settings.has(name))
    .map(([name]) => name);
}

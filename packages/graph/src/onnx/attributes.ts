import { type AttributeProto, AttributeProto_AttributeType as AttributeType, type GraphProto } from "onnx-buf";
import { GraphError } from "../errors.js";
import type { Operator } from "../operator.js";
import type { Attribute, Attributes } from "../tensor.js";
import { dataTypeName, dtypeOf, type KnownValue } from "./data-types.js";
import { decodeTensor, type ExternalData } from "./tensors.js";

/** An attribute as a file has it. */
export type RawAttribute = number | string | readonly number[] | readonly string[] | KnownValue | GraphProto;
export type RawAttributes = Readonly<Record<string, RawAttribute>>;

/** Integers beyond double precision mean "to the end" wherever ONNX uses them. */
export function safeInteger(value: bigint | number): number {
  const number = Number(value);
  return Math.min(Math.max(number, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** @throws GraphError MODEL_UNSUPPORTED for kinds of attributes that graphs do not have */
export function decodeAttributes(protos: readonly AttributeProto[], externalData?: ExternalData): RawAttributes {
  return Object.fromEntries(protos.map((proto) => [proto.name, decodeAttribute(proto, externalData)]));
}

function decodeAttribute(proto: AttributeProto, externalData?: ExternalData): RawAttribute {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  switch (kindOf(proto)) {
    case AttributeType.FLOAT:
      return proto.f;
    case AttributeType.INT:
      return safeInteger(proto.i);
    case AttributeType.STRING:
      return text(proto.s);
    case AttributeType.FLOATS:
      return proto.floats;
    case AttributeType.INTS:
      return proto.ints.map(safeInteger);
    case AttributeType.STRINGS:
      return proto.strings.map(text);
    case AttributeType.TENSOR:
      if (proto.t) return decodeTensor(proto.t, externalData);
      throw new GraphError("MODEL_INVALID", `attribute ${proto.name} is an empty tensor`, { value: proto.name });
    case AttributeType.GRAPH:
      if (proto.g) return proto.g;
      throw new GraphError("MODEL_INVALID", `attribute ${proto.name} is an empty graph`, { value: proto.name });
    default:
      throw new GraphError("MODEL_UNSUPPORTED", `attribute ${proto.name} has kind ${AttributeType[proto.type]}`, {
        value: proto.name,
      });
  }
}

/** Very old files do not state the kind. */
function kindOf(proto: AttributeProto): AttributeType {
  if (proto.type !== AttributeType.UNDEFINED) return proto.type;
  if (proto.t) return AttributeType.TENSOR;
  if (proto.g) return AttributeType.GRAPH;
  if (proto.floats.length > 0) return AttributeType.FLOATS;
  if (proto.ints.length > 0) return AttributeType.INTS;
  if (proto.s.length > 0) return AttributeType.STRING;
  return proto.f === 0 ? AttributeType.INT : AttributeType.FLOAT;
}

/**
 * Attributes in the table's form: element types by name, nothing that the operator does not have.
 * @throws GraphError MODEL_UNSUPPORTED
 */
export function toAttributes(operator: Operator, raw: RawAttributes): Attributes {
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, toAttribute(operator, name, value)]));
}

function toAttribute(operator: Operator, name: string, value: RawAttribute): Attribute {
  const kind = operator.attributes?.[name];
  if (!kind) {
    throw new GraphError("MODEL_UNSUPPORTED", `${operator.name}'s attribute ${name} is not supported`, { value: name });
  }
  if (kind === "dtype") {
    const dtype = typeof value === "number" ? dtypeOf(value) : undefined;
    if (dtype) return dtype;
    const found = typeof value === "number" ? dataTypeName(value) : typeof value;
    throw new GraphError("MODEL_UNSUPPORTED", `${operator.name} to element type ${found}`, { value: found });
  }
  return value as Attribute;
}

import type { DType } from "./dtype.js";
import { GraphError } from "./errors.js";
import type { ExecutionProvider } from "./provider.js";
import type { Attributes, Node, Tensor, TensorType } from "./tensor.js";

/** What an attribute holds. A float and an int look alike in JavaScript, but not in ONNX. */
export type AttributeKind = "int" | "float" | "string" | "dtype" | "ints" | "floats" | "strings";

/** What a shape rule sees of a node. */
export interface InferContext {
  readonly inputs: readonly (Tensor | undefined)[];
  readonly attributes: Attributes;
  /** How many outputs are asked for, where an operator has optional ones; by default those it always has. */
  readonly outputCount?: number | undefined;
}

/** A gradient; or "zero" where the result does not change with the input; or nothing where none was wanted. */
export type GradientResult = Tensor | "zero" | undefined;

/** What a gradient rule sees. */
export interface GradientContext {
  readonly node: Node;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Gradient of the loss with respect to each output; `undefined` where the loss does not depend on it. */
  readonly outputGradients: readonly (Tensor | undefined)[];
  /** Which inputs want a gradient. */
  readonly wants: readonly boolean[];
  /** Values whose gradients are asked for at the end of the walk. */
  readonly asked: ReadonlySet<Tensor>;
  /** Whether the gradients will be differentiated in turn: what they are made of must then have gradients itself. */
  readonly again: boolean;
}

/** One entry of the operator table, in the form of opset 17. */
export interface Operator {
  readonly name: string;
  /** Fewest and most inputs. */
  readonly inputs: readonly [number, number];
  readonly attributes?: Readonly<Record<string, AttributeKind>>;
  /** Domain and type in ONNX Runtime, where they are not ONNX's own and the name. */
  readonly runtime?: { readonly domain: string; readonly version: number; readonly type: string };
  /** Whether ONNX Runtime wants every output named, also those that nobody reads. Default `false`. */
  readonly namesAllOutputs?: boolean;
  /** Whether the result may differ from run to run, so that equal nodes are not one. Default `false`. */
  isRandom?(context: InferContext): boolean;
  /** Inputs that ONNX Runtime writes over, so that nobody else may read them. Default: none. */
  overwrites?(attributes: Attributes): readonly number[];
  /** Element types of the first input. Default: all. */
  accepts?(dtype: DType): boolean;
  /** Shape rule: the types of all outputs. */
  infer(context: InferContext): readonly TensorType[];
  /**
   * Puts a node together from other operators where a provider has no kernel for it, or a wrong one: the outputs, or
   * nothing where this node needs no help. Gradients follow from what it is put together from.
   */
  readonly lowerings?: Partial<Record<ExecutionProvider, (context: InferContext) => Tensor[] | undefined>>;
  /** Gradient rule, or the reason why there is none. */
  readonly gradient: string | ((context: GradientContext) => readonly GradientResult[]);
  /**
   * Whether a missing gradient is an error also where only integers depend on what is trained. Default `false`: class
   * numbers that were computed have no influence; numbers that were quantized do.
   */
  readonly throughIntegers?: boolean;
}

export type OperatorTable = ReadonlyMap<string, Operator>;

/** An input that must be there. */
export function required(context: InferContext, index: number): Tensor {
  const tensor = context.inputs[index];
  if (!tensor) throw new GraphError("INPUT_COUNT", `input ${index} is missing`);
  return tensor;
}

/** The gradient of an output that the rule cannot do without. */
export function gradientOf(context: GradientContext, index = 0): Tensor {
  const gradient = context.outputGradients[index];
  if (!gradient) throw new GraphError("NO_GRADIENT", `no gradient reaches output ${index}`);
  return gradient;
}

export function numberAttribute(attributes: Attributes, name: string, fallback: number): number {
  const value = attributes[name];
  return typeof value === "number" ? value : fallback;
}

/** A float attribute as ONNX stores it: in single precision. */
export function floatAttribute(attributes: Attributes, name: string, fallback: number): number {
  return Math.fround(numberAttribute(attributes, name, fallback));
}

export function numbersAttribute(attributes: Attributes, name: string): readonly number[] | undefined {
  const value = attributes[name];
  return Array.isArray(value) && typeof value[0] !== "string" ? (value as readonly number[]) : undefined;
}

/** The integers of an input that must be a constant, such as ReduceSum's axes. */
export function constantInts(context: Pick<InferContext, "inputs">, index: number): number[] | undefined {
  const tensor = context.inputs[index];
  if (!tensor) return undefined;
  if (tensor.source.kind !== "constant") {
    throw new GraphError("NOT_CONSTANT", `input ${index} (${tensor.name}) must be a constant`, {
      value: tensor.name,
      fix: "Shapes are static: give this input as a constant.",
    });
  }
  return Array.from(tensor.source.data as ArrayLike<number | bigint>, Number);
}

/** Gradient rule of operators whose result does not change with small changes of any input. */
export function flat(context: GradientContext): readonly GradientResult[] {
  return context.node.inputs.map(() => "zero");
}

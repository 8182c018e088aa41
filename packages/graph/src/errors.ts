/** What every typed error of this project carries. */
export interface TypedErrorDetails {
  /** What to do about it, one sentence. */
  readonly fix?: string;
  /** The offending value. */
  readonly value?: unknown;
  /** Where it stands: a node, a file with line and column, a step. */
  readonly where?: string;
  readonly cause?: unknown;
}

/** An error that is data: a stable code, the offending value, where it stands and what to do. */
export abstract class TypedError extends Error {
  abstract readonly code: string;
  readonly fix: string | undefined;
  readonly value: unknown;
  readonly where: string | undefined;

  constructor(message: string, details: TypedErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.fix = details.fix;
    this.value = details.value;
    this.where = details.where;
  }
}

/** The codes of {@link GraphError}, each with its meaning. */
export const GRAPH_ERROR_CODES = {
  ATTRIBUTE_INVALID: "An operator was given an attribute it does not have, or a value it does not take.",
  DTYPE_MISMATCH: "Element types that must agree do not.",
  FEED_MISMATCH: "A value fed to a graph is missing, unknown, or has the wrong type or length.",
  GRAPH_INVALID: "A finished graph failed verification.",
  INPUT_COUNT: "An operator was given too few or too many inputs.",
  MODEL_INVALID: "An ONNX file is damaged or contradicts itself.",
  MODEL_UNSUPPORTED: "An ONNX file uses something that graphs do not have.",
  NAME_TAKEN: "A name is used twice in one graph, or is empty.",
  NO_GRADIENT: "A gradient was asked through an operator that has none.",
  NOT_CONSTANT: "A value that must be known when the graph is built is not.",
  NOT_SCALAR: "A loss must be a scalar.",
  OPERATOR_UNKNOWN: "The operator table has no such operator.",
  OPTION_INVALID: "An option is outside its range.",
  PARAMETER_UNUSED: "A gradient was asked for a tensor the loss does not depend on.",
  PROVIDER_MISSING: "An execution provider was asked for that this machine lacks.",
  RUNTIME_FAILED: "ONNX Runtime could not load or run a graph.",
  SESSION_BUSY: "A training session was asked for a step while another is under way.",
  SHAPE_MISMATCH: "Shapes that must agree do not.",
  STATE_MISMATCH: "A saved training state does not fit the graph.",
  TENSOR_FOREIGN: "Tensors of two graphs were mixed.",
} as const;

export type GraphErrorCode = keyof typeof GRAPH_ERROR_CODES;

/** Something is wrong with a graph, or with what was fed to one. */
export class GraphError extends TypedError {
  override readonly name = "GraphError";
  readonly code: GraphErrorCode;

  constructor(code: GraphErrorCode, message: string, details: TypedErrorDetails = {}) {
    super(message, details);
    this.code = code;
  }
}

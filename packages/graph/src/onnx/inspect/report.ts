import type { Cost } from "../../cost/cost.js";

/** An input or output as the file declares it. */
export interface DeclaredValue {
  readonly name: string;
  /** ONNX's name of the element type in lower case, such as `float32` or `string`; `null` where it is no tensor. */
  readonly dtype: string | null;
  /** Sizes; a symbol, or `?`, where the file leaves one open; `null` where it says nothing. */
  readonly shape: readonly (number | string)[] | null;
}

/** A dimension of an input that the file leaves open, and the size that the figures are for. */
export interface BoundDimension {
  /** Its symbol, or `input[axis]` where it has none. */
  readonly name: string;
  readonly size: number;
  /** Whether the size was asked for; otherwise it is 224 for height and width of images, and 1 for others. */
  readonly given: boolean;
}

export interface ModelFacts {
  readonly producer: string;
  readonly producerVersion: string;
  readonly irVersion: number;
  /** Opset of each domain; ONNX's own is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Size of the file. */
  readonly bytes: number;
  /** Files that lie beside it, and how long each must be. */
  readonly externalData: readonly { readonly location: string; readonly bytes: number }[];
}

export interface OperatorFacts extends Cost {
  /** `domain:name` outside of ONNX's own domain. */
  readonly operator: string;
  /** Nodes, those in branches and loops included. */
  readonly count: number;
  /** Nodes whose cost is not known, and therefore not in the figures. */
  readonly uncounted: number;
}

/** A node that could not be read, or whose shapes are not known. */
export interface UnreadNode {
  readonly node: string;
  readonly operator: string;
  /** `operator`: graphs do not have it; `refused`: it does not fit what it reads; `follows`: it reads what is not known. */
  readonly kind: "operator" | "refused" | "follows";
  readonly reason: string;
}

/**
 * `trainable`: may become a parameter, and a gradient reaches it from the outputs. `blocked`: a node on the way has no
 * gradient. `unreached`: no output depends on it smoothly. `fixed`: an integer, a scalar, a setting, or a statistic.
 */
export type ParameterStatus = "trainable" | "blocked" | "unreached" | "fixed";

export interface ParameterFacts {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: number;
  readonly status: ParameterStatus;
}

/** Initializers that share the beginning of their names. */
export interface ParameterGroup {
  /** A pattern that fits exactly these. */
  readonly glob: string;
  readonly tensors: number;
  readonly values: number;
  readonly trainable: number;
}

/** Nodes of one operator that let no gradient through, for one reason. */
export interface Obstacle {
  readonly operator: string;
  readonly reason: string;
  readonly nodes: readonly string[];
  /** Values of weights that lie behind these nodes. */
  readonly blocks: number;
}

export interface TrainingFacts {
  /**
   * How much of the weights can be trained by a loss on the outputs. `forward only`: none, as in quantized models;
   * `unknown`: none, but a part of the model could not be read.
   */
  readonly extent: "whole" | "part" | "forward only" | "unknown";
  readonly quantized: boolean;
  readonly obstacles: readonly Obstacle[];
}

/** A value that a loss can look at. */
export interface TapFacts {
  readonly name: string;
  readonly operator: string;
  readonly dtype: string;
  /** With open dimensions bound. */
  readonly shape: readonly number[];
  /** Whether it ends a block, a resolution, or the features before a classifier. */
  readonly landmark: boolean;
}

/** What `inspectModel` finds; plain data. Keys are only ever added within one `format`. */
export interface ModelInspection extends Cost {
  readonly format: 1;
  readonly model: ModelFacts;
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  readonly dims: readonly BoundDimension[];
  /** Most arithmetic first. */
  readonly operators: readonly OperatorFacts[];
  /** Nodes that the figures leave out. */
  readonly unread: readonly UnreadNode[];
  readonly parameters: {
    /** Values of all initializers but integers of 32 and 64 bits and truth values, which steer rather than weigh. */
    readonly total: number;
    readonly trainable: number;
    readonly bytes: number;
    readonly groups: readonly ParameterGroup[];
    readonly tensors: readonly ParameterFacts[];
  };
  readonly training: TrainingFacts;
  readonly taps: readonly TapFacts[];
}

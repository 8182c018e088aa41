import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import { GraphError } from "../errors.js";
import { toFloat16 } from "../onnx/half.js";
import type { ExternalData } from "../onnx/tensors.js";
import { ModelEditor, nodeOf, rewired } from "./editor.js";
import { floatValues } from "./float-values.js";
import { isSingleInput, singleInputs, singleNodes } from "./precision.js";

export interface HalfOptions {
  /** Bytes of files that lie beside the model. */
  readonly externalData?: ExternalData | undefined;
}

/** Weights that half precision cannot hold. */
export interface HalfLosses {
  /** Weights beyond 65,504, the largest number there is; they became it. */
  readonly clipped: number;
  /** Weights that were not zero and became it, smaller than about 3e-8. */
  readonly vanished: number;
}

/** What became of the numbers of a model in half precision. */
export interface HalfModel extends HalfLosses {
  readonly model: Uint8Array;
}

const LARGEST = 65_504;

/**
 * A model in half precision, whose inputs and outputs are float32 as before: half the size, and faster where there are kernels
 * for it, as on graphics processors. Branches, loops, what computes with sizes, and operators that know single precision only
 * keep it, between casts.
 * @throws GraphError MODEL_INVALID; MODEL_UNSUPPORTED where the type of a value is neither stated nor known
 */
export function toHalf(bytes: Uint8Array, options: HalfOptions = {}): HalfModel {
  return new HalfWriter(new ModelEditor(bytes, options.externalData)).run();
}

/** Values of float32 keep their name in single precision, where anyone asks for that; in half precision, otherwise. */
class HalfWriter {
  readonly #editor: ModelEditor;
  readonly #floats: ReadonlySet<string>;
  readonly #single: ReadonlySet<NodeProto>;
  /** Values that someone takes in single precision. */
  readonly #wanted: ReadonlySet<string>;
  /** Names in half precision of the values that have one. */
  readonly #halves = new Map<string, string>();
  readonly #nodes: NodeProto[] = [];
  readonly #counts = { clipped: 0, vanished: 0 };

  constructor(editor: ModelEditor) {
    this.#editor = editor;
    this.#floats = floatValues(editor);
    this.#single = singleNodes(editor);
    const asked = editor.nodes.flatMap((node) => singleInputs(node, this.#single.has(node)));
    this.#wanted = new Set([...editor.outputs, ...asked]);
  }

  run(): HalfModel {
    for (const node of this.#editor.nodes) {
      if (this.#single.has(node)) this.#nodes.push(node);
      else this.#add(node);
    }
    this.#editor.nodes = this.#nodes.map((node) => this.#withHalfConstant(node));
    return { model: this.#editor.finish(), ...this.#counts };
  }

  #add(node: NodeProto): void {
    if (node.opType === "Constant") {
      this.#nodes.push(node);
      return;
    }
    const input = node.input.map((name, i) => (isSingleInput(node, i) ? name : this.#half(name)));
    const returned = node.output.filter((name) => this.#floats.has(name) && this.#wanted.has(name));
    for (const name of returned) this.#halves.set(name, this.#editor.fresh(`${name}_half`));
    for (const name of node.output) if (this.#floats.has(name) && !this.#halves.has(name)) this.#halves.set(name, name);
    const output = node.output.map((name) => this.#halves.get(name) ?? name);
    this.#nodes.push(rewired(node, { input, output, attribute: halfTypes(node) }));
    for (const name of returned) {
      this.#nodes.push(nodeOf("Cast", [this.#halves.get(name)!], [name], { to: DataType.FLOAT }));
    }
  }

  /** The name that a value has in half precision, where it is one of numbers. */
  #half(name: string): string {
    if (!this.#floats.has(name)) return name;
    const known = this.#halves.get(name);
    if (known !== undefined) return known;
    const half = this.#editor.constants.has(name) ? this.#halfConstant(name) : this.#cast(name);
    this.#halves.set(name, half);
    return half;
  }

  /** What is computed in single precision, as masks of -1e38 are, is cut off where weights are: infinities would become NaN. */
  #cast(name: string): string {
    const editor = this.#editor;
    const half = editor.fresh(`${name}_half`);
    const isFed = editor.inputs.includes(name);
    const within = isFed ? name : editor.fresh(`${name}_within`);
    if (!isFed) {
      const limits = [-LARGEST, LARGEST].map((limit) => editor.constant("half_limit", "float32", [], [limit]));
      this.#nodes.push(nodeOf("Clip", [name, ...limits], [within]));
    }
    this.#nodes.push(nodeOf("Cast", [within], [half], { to: DataType.FLOAT16 }));
    return half;
  }

  #halfConstant(name: string): string {
    const { shape, data } = this.#editor.floats(name)!;
    const numbers = halves(name, data, this.#counts);
    if (this.#wanted.has(name)) return this.#editor.rawConstant(`${name}_half`, DataType.FLOAT16, shape, numbers);
    this.#editor.replaceConstant(name, DataType.FLOAT16, numbers);
    return name;
  }

  /** A node that holds a constant holds what has become of it. */
  #withHalfConstant(node: NodeProto): NodeProto {
    const tensor = node.opType === "Constant" ? this.#editor.constants.get(node.output[0]!) : undefined;
    if (!tensor) return node;
    return rewired(node, { attribute: node.attribute.map((a) => (a.name === "value" ? { ...a, t: tensor } : a)) });
  }
}

/** Attributes that name single precision name half precision. */
function halfTypes({ attribute }: NodeProto): NodeProto["attribute"] {
  return attribute.map((a) => {
    const isType = (a.name === "to" || a.name === "dtype") && Number(a.i) === DataType.FLOAT;
    return isType ? { ...a, i: BigInt(DataType.FLOAT16) } : a;
  });
}

/** Numbers as the bytes of float16. */
function halves(
  name: string,
  data: Float32Array,
  counts: { clipped: number; vanished: number },
): Uint8Array<ArrayBuffer> {
  const bits = toFloat16(data);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (Number.isNaN(value)) throw notANumber(name, i);
    if (Math.abs(value) > LARGEST && Number.isFinite(value)) counts.clipped++;
    if (value !== 0 && (bits[i]! & 0x7fff) === 0) counts.vanished++;
  }
  return new Uint8Array(bits.buffer as ArrayBuffer);
}

function notANumber(name: string, place: number): GraphError {
  return new GraphError("MODEL_INVALID", `weight ${name} is NaN at place ${place}`, {
    where: name,
    value: Number.NaN,
    fix: "Train or export the model again.",
  });
}

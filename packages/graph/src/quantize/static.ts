import type { NodeProto } from "onnx-buf";
import { GraphError } from "../errors.js";
import type { ExternalData } from "../onnx/tensors.js";
import { type Affine, leastWeightScales, quantizeBias, quantizeWeight, type Range, unsignedAffine } from "./affine.js";
import { type ModelEditor, nodeOf, rewired } from "./editor.js";
import { type LayerChoice, openForLayers, type WeightedLayer } from "./layers.js";
import { planStatic, type StaticPlan, scaleOf } from "./static-plan.js";
import { quantizeTables } from "./tables.js";

export interface StaticOptions extends LayerChoice {
  /** Bytes of files that lie beside the model. */
  readonly externalData?: ExternalData | undefined;
  /** Whether weights have 7 bits, for processors that add pairs of products up in int16. Default `false`. */
  readonly reduceRange?: boolean | undefined;
  /** Whether each output channel has a scale of its own. Default `true`. */
  readonly perChannel?: boolean | undefined;
  /** 4: weights are the whole numbers -7 … 7, in bytes that compress to half. Default 8. */
  readonly weightBits?: 4 | 8 | undefined;
}

/** The values of a model that {@link quantizeStatic} asks the ranges of. @throws GraphError as {@link quantizeStatic} */
export function valuesToCalibrate(model: Uint8Array, options: StaticOptions = {}): readonly string[] {
  // Values that share a scale are asked for as well: with fewer layers quantized they may have one of their own.
  return [...planStatic(openForLayers(model, options.externalData), options).values];
}

/**
 * A model that runs in 8 bits: activations as uint8 with the scales that their ranges give, weights as int8 with a scale for
 * each output channel, biases as int32. Written as pairs of QuantizeLinear and DequantizeLinear (QDQ), which ONNX
 * Runtime fuses with the nodes between them to integer kernels, and any other runtime can run as they are. Tables whose rows are
 * taken by number are int8, too.
 * Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference.
 * @param ranges smallest and largest value of all that {@link valuesToCalibrate} names
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED; STATE_MISMATCH where a range is missing
 */
export function quantizeStatic(
  model: Uint8Array,
  ranges: ReadonlyMap<string, Range>,
  options: StaticOptions = {},
): Uint8Array {
  const editor = openForLayers(model, options.externalData);
  quantizeTables(editor, options);
  return new StaticQuantizer(editor, planStatic(editor, options), ranges, options).run();
}

class StaticQuantizer {
  readonly #editor: ModelEditor;
  readonly #plan: StaticPlan;
  readonly #ranges: ReadonlyMap<string, Range>;
  readonly #options: StaticOptions;
  readonly #layers: ReadonlyMap<NodeProto, WeightedLayer>;
  /** Values that come out of nodes in 8 bits: all who take them take them back from whole numbers. */
  readonly #made: ReadonlySet<string>;
  readonly #nodes: NodeProto[] = [];
  /** What stands in a value's place for nodes in 8 bits. */
  readonly #restored = new Map<string, string>();

  constructor(editor: ModelEditor, plan: StaticPlan, ranges: ReadonlyMap<string, Range>, options: StaticOptions) {
    this.#editor = editor;
    this.#plan = plan;
    this.#ranges = ranges;
    this.#options = options;
    this.#layers = new Map(plan.layers.map((layer) => [layer.node, layer]));
    this.#made = new Set([...plan.quantized, ...plan.absorbed].map((node) => node.output[0]!));
  }

  run(): Uint8Array {
    for (const name of this.#editor.inputs) this.#quantize(name, name);
    for (const node of this.#editor.nodes) this.#add(node);
    this.#editor.nodes = this.#nodes;
    return this.#editor.finish();
  }

  #add(node: NodeProto): void {
    const isWhole = this.#plan.quantized.has(node);
    const input = node.input.map((name) =>
      isWhole || this.#made.has(name) ? (this.#restored.get(name) ?? name) : name,
    );
    const layer = this.#layers.get(node);
    if (layer) {
      const { weight, bias } = this.#weights(layer);
      input[1] = weight;
      if (bias) input[2] = bias;
    }
    const output = node.output.map((name) => this.#renamed(name));
    this.#nodes.push(rewired(node, { input, output }));
    node.output.forEach((name, i) => {
      this.#quantize(name, output[i]!);
    });
  }

  /** A result of the model keeps its name, which its restored form has. */
  #renamed(name: string): string {
    const returned = this.#editor.outputs.includes(name) && this.#plan.values.has(name) && this.#made.has(name);
    return returned ? this.#editor.fresh(`${name}_exact`) : name;
  }

  #quantize(name: string, source: string): void {
    if (!this.#plan.values.has(name)) return;
    const { scale, zeroPoint } = this.#affineOf(name);
    const editor = this.#editor;
    const parameters = [
      editor.constant(`${name}_scale`, "float32", [], [scale]),
      editor.constant(`${name}_zero_point`, "uint8", [], [zeroPoint]),
    ];
    const whole = editor.fresh(`${name}_quantized`);
    const restored = source === name ? editor.fresh(`${name}_dequantized`) : name;
    this.#nodes.push(nodeOf("QuantizeLinear", [source, ...parameters], [whole]));
    this.#nodes.push(nodeOf("DequantizeLinear", [whole, ...parameters], [restored]));
    this.#restored.set(name, restored);
  }

  #affineOf(name: string): Affine {
    const known = scaleOf(name, this.#plan);
    const range = this.#ranges.get(known);
    if (range && Number.isFinite(range.max - range.min)) return unsignedAffine(range);
    if (range) {
      throw new GraphError("MODEL_INVALID", `value ${known} goes from ${range.min} to ${range.max}`, {
        where: known,
        value: [range.min, range.max],
        fix: "See how the model is fed: its values overflow.",
      });
    }
    throw new GraphError("STATE_MISMATCH", `nothing is known of the range of ${known}`, {
      value: known,
      fix: "Run the model over samples and collect the ranges of all that valuesToCalibrate names.",
    });
  }

  #weights({ weight: name, axis, bias: biasName, node }: WeightedLayer): { weight: string; bias?: string } {
    const { perChannel = true, reduceRange = false, weightBits = 8 } = this.#options;
    const editor = this.#editor;
    const weight = editor.finiteFloats(name)!;
    const bias = editor.finiteFloats(biasName);
    const { scale } = this.#affineOf(node.input[0]!);
    const channelAxis = perChannel ? axis : undefined;
    const least = bias && leastWeightScales(bias.data, scale);
    const leastScales =
      channelAxis === undefined
        ? least && Float32Array.of(least.reduce((most, value) => Math.max(most, value), 0))
        : least;
    const largest = weightBits === 4 ? 7 : reduceRange ? 63 : 127;
    const whole = quantizeWeight(weight.data, weight.shape, channelAxis, largest, leastScales);
    const names = this.#restoredConstant(name, "int8", weight.shape, whole.data, whole.scales, channelAxis);
    if (!bias) return { weight: names };
    const added = quantizeBias(bias.data, scale, whole.scales);
    return { weight: names, bias: this.#restoredConstant(biasName!, "int32", bias.shape, added.data, added.scales, 0) };
  }

  #restoredConstant(
    base: string,
    dtype: "int8" | "int32",
    shape: readonly number[],
    data: Int8Array | Int32Array,
    scales: Float32Array,
    axis: number | undefined,
  ): string {
    const editor = this.#editor;
    const whole = editor.constant(`${base}_quantized`, dtype, shape, data);
    const form = axis === undefined ? [] : [scales.length];
    const scale = editor.constant(`${base}_scale`, "float32", form, scales);
    const zeroPoint = editor.constant(`${base}_zero_point`, dtype, form, new Array<number>(scales.length).fill(0));
    const restored = editor.fresh(`${base}_dequantized`);
    this.#nodes.push(
      nodeOf("DequantizeLinear", [whole, scale, zeroPoint], [restored], axis === undefined ? {} : { axis }),
    );
    return restored;
  }
}

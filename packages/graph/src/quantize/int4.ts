import type { NodeProto } from "onnx-buf";
import { GraphError } from "../errors.js";
import { DATA_TYPES } from "../onnx/data-types.js";
import type { ExternalData } from "../onnx/tensors.js";
import { sizeOf } from "../shape.js";
import { clamp, roundHalfEven } from "./affine.js";
import { type FloatConstant, type ModelEditor, nodeOf } from "./editor.js";
import { type LayerChoice, openForLayers, type WeightedLayer, weightedLayers } from "./layers.js";
import { publicLayer, type QuantizableLayer } from "./list.js";
import { transposed } from "./matrix.js";

export interface Int4Options extends LayerChoice {
  /** Bytes of files that lie beside the model. */
  readonly externalData?: ExternalData | undefined;
  /** Weights of one column that share a scale: a power of two from 16 on. Default 32. */
  readonly block?: number | undefined;
  /** Whether each block has a zero point too. Default `false`: numbers are symmetric around zero. */
  readonly asymmetric?: boolean | undefined;
  /** Matrices with fewer numbers stay as they are. Default 4096. */
  readonly least?: number | undefined;
  /** Precision of activations in the product, as ONNX Runtime's `accuracy_level`: 0 leaves it to the runtime, 1 float32, 4 int8. Default 0. */
  readonly accuracyLevel?: 0 | 1 | 2 | 3 | 4 | undefined;
}

const LEAST = 4096;
const ZERO = 8;
const MOST = 15;

/**
 * A model whose large matrices have 4 bits for each weight, in blocks that share a scale; everything is computed in floating
 * point. Products become `com.microsoft.MatMulNBits`, which only ONNX Runtime has.
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED; OPTION_INVALID
 */
export function quantizeInt4(model: Uint8Array, options: Int4Options = {}): Uint8Array {
  const { block = 32, least = LEAST } = options;
  if (!Number.isInteger(Math.log2(block)) || block < 16 || block > 256) {
    throw new GraphError("OPTION_INVALID", `blocks of ${block} weights`, {
      value: block,
      fix: "Take 16, 32, 64, 128 or 256.",
    });
  }
  const editor = openForLayers(model, options.externalData);
  const layers = largeMatrices(editor, options, least);
  const byNode = new Map(layers.map((layer) => [layer.node, layer]));
  editor.nodes = editor.nodes.flatMap((node) => {
    const layer = byNode.get(node);
    return layer ? blockLayer(editor, layer, { ...options, block }) : [node];
  });
  return editor.finish();
}

/** The layers that {@link quantizeInt4} quantizes. @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED */
export function int4Layers(model: Uint8Array, options: Int4Options = {}): QuantizableLayer[] {
  const editor = openForLayers(model, options.externalData);
  return largeMatrices(editor, options, options.least ?? LEAST).map((layer) => publicLayer(editor, layer));
}

function largeMatrices(editor: ModelEditor, choice: LayerChoice, least: number): WeightedLayer[] {
  return weightedLayers(editor, choice).filter(({ kind, axis, weight }) => {
    return kind !== "Conv" && axis !== undefined && sizeOf(editor.floats(weight)!.shape) >= least;
  });
}

function blockLayer(editor: ModelEditor, layer: WeightedLayer, options: Int4Options & { block: number }): NodeProto[] {
  const { node, kind, axis, weight: name, bias } = layer;
  const stored = editor.finiteFloats(name)!;
  const isTurned = kind === "Gemm" && axis === 0;
  const { shape, data } = isTurned ? stored : transposed(stored);
  const [columns, depth] = shape as [number, number];
  const packed = packBlocks({ shape, data }, options.block, options.asymmetric ?? false);
  const blocks = Math.ceil(depth / options.block);
  const inputs = [
    node.input[0]!,
    editor.rawConstant(`${name}_4bit`, DATA_TYPES.uint8, [columns, blocks, options.block / 2], packed.weights),
    editor.constant(`${name}_scales`, "float32", [columns * blocks], packed.scales),
  ];
  if (packed.zeroPoints)
    inputs.push(editor.constant(`${name}_zero_points`, "uint8", [packed.zeroPoints.length], packed.zeroPoints));
  const [output] = node.output as [string];
  const product = bias ? editor.fresh(`${output}_product`) : output;
  const attributes = {
    K: depth,
    N: columns,
    bits: 4,
    block_size: options.block,
    accuracy_level: options.accuracyLevel ?? 0,
  };
  const nodes = [nodeOf("MatMulNBits", inputs, [product], attributes, "com.microsoft")];
  return bias ? [...nodes, nodeOf("Add", [product, bias], [output])] : nodes;
}

/** A matrix in 4-bit blocks, as MatMulNBits takes it. */
export interface PackedBlocks {
  readonly weights: Uint8Array<ArrayBuffer>;
  readonly scales: Float32Array;
  readonly zeroPoints: Uint8Array | undefined;
}

/**
 * Weights [N, K] as 4-bit numbers in blocks along K: two in a byte, the first in its lower half; of each column, an even number of
 * zero points, where there are any.
 */
export function packBlocks({ shape, data }: FloatConstant, block: number, asymmetric: boolean): PackedBlocks {
  const [columns, depth] = shape as [number, number];
  const blocks = Math.ceil(depth / block);
  const weights = new Uint8Array((columns * blocks * block) / 2).fill(asymmetric ? 0 : ZERO * 17);
  const scales = new Float32Array(columns * blocks);
  const zeroPoints = asymmetric ? new Uint8Array(columns * Math.ceil(blocks / 2)) : undefined;
  for (let n = 0; n < columns; n++) {
    for (let b = 0; b < blocks; b++) {
      const values = data.subarray(n * depth + b * block, n * depth + Math.min(depth, (b + 1) * block));
      const { scale, zero } = asymmetric ? rangeOf(values) : symmetricRangeOf(values);
      scales[n * blocks + b] = scale;
      if (zeroPoints) setHalf(zeroPoints, n * Math.ceil(blocks / 2) * 2 + b, zero);
      values.forEach((value, i) => {
        setHalf(weights, (n * blocks + b) * block + i, clamp(roundHalfEven(value / scale) + zero, 0, MOST));
      });
    }
  }
  return { weights, scales, zeroPoints };
}

/** The value of largest size becomes -8, which has no positive twin. */
function symmetricRangeOf(values: Float32Array) {
  const largest = values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  return { scale: Math.fround(largest / -ZERO) || 1, zero: ZERO };
}

function rangeOf(values: Float32Array) {
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  const scale = Math.fround((high - low) / MOST) || 1;
  return { scale, zero: clamp(roundHalfEven(-low / scale), 0, MOST) };
}

function setHalf(bytes: Uint8Array, place: number, value: number): void {
  const at = place >> 1;
  bytes[at] = place % 2 === 0 ? (bytes[at]! & 0xf0) | value : (bytes[at]! & 0x0f) | (value << 4);
}

import { createGraph, ops, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../../data/dataset.js";
import type { Moments } from "../../data/moments/moments.js";
import { choleskyFactor } from "../../data/synthesis/copula.js";
import { Layers } from "../../models/layers.js";
import type { TensorSpec } from "../../models/model.js";
import { type Spread, spreadOut } from "./spread.js";

/** What stands before the names of a generator's values, beside those of the student. */
export const GENERATOR = "generator/";

/** A network that makes images of random numbers. */
export interface Generator {
  readonly parameters: readonly TensorSpec[];
  readonly buffers: readonly TensorSpec[];
  /**
   * @param latents normal numbers, [N, latent]
   * @returns images [N, C, H, W], and the values of all buffers after a training step
   */
  forward(latents: Tensor, weights: Readonly<Record<string, Tensor>>, training: boolean): Generated;
}

interface Generated {
  readonly images: Tensor;
  readonly buffers: Readonly<Record<string, Tensor>>;
}

export interface GeneratorOptions extends Spread {
  readonly width: number;
  readonly latent: number;
  /** Added to variances where hidden layers are normalized. */
  readonly eps: number;
  /** Convolutions over maps, or dense layers. */
  readonly network: "maps" | "dense";
  /** Of rows and windows: what their columns and times go together by. Default: each has what the layers give it. */
  readonly correlated?: Correlations | undefined;
}

type Correlations = Pick<Moments, "correlation" | "timeCorrelation">;

/** Units of dense layers for each channel of the width. */
const DENSE_UNITS = 8;

/**
 * Of maps, the generator of DAFL and DFAD: a linear layer makes maps of a quarter of the height and width, rounded up, which
 * grow twice. Of dense layers: two hidden ones, normalized as those maps are. The last layer normalizes each channel over the
 * batch, so that images have the mean and deviation that are asked for.
 */
export function buildGenerator(options: GeneratorOptions, geometry: ImageGeometry): Generator {
  const [parameters, buffers]: [TensorSpec[], TensorSpec[]] = [[], []];
  const graph = createGraph();
  const tracing = new Layers({}, false, (spec, isBuffer) => {
    (isBuffer ? buffers : parameters).push(spec);
    return graph.parameter(spec.name, "float32", spec.shape);
  });
  body(tracing, graph.input("latents", "float32", [1, options.latent]), options, geometry);
  return {
    parameters,
    buffers,
    forward: (latents, weights, training) => {
      const layers = new Layers({}, training, ({ name }) => weights[name]!);
      return { images: body(layers, latents, options, geometry), buffers: layers.buffers };
    },
  };
}

function body(layers: Layers, latents: Tensor, options: GeneratorOptions, geometry: ImageGeometry): Tensor {
  const last =
    options.network === "dense" ? dense(layers, latents, options, geometry) : maps(layers, latents, options, geometry);
  const plain = layers.batchNorm("bn4", last, { affine: false });
  const normal = options.correlated ? correlated(plain, options.correlated) : plain;
  return spreadOut(normal, options);
}

const leaky = (x: Tensor) => ops.leakyRelu(x, 0.2);

function maps(layers: Layers, latents: Tensor, { width, eps }: GeneratorOptions, geometry: ImageGeometry): Tensor {
  const { channels, height, width: across } = geometry;
  const part = (share: number) => [Math.ceil(height / share), Math.ceil(across / share)] as const;
  const [rows, columns] = part(4);
  const first = layers.linear("l1", latents, 2 * width * rows * columns);
  const small = layers.batchNorm("bn1", ops.reshape(first, [-1, 2 * width, rows, columns]));
  const conv2 = layers.conv("conv2", ops.interpolate(small, { size: part(2) }), 2 * width);
  const middle = leaky(layers.batchNorm("bn2", conv2, { eps }));
  const conv3 = layers.conv("conv3", ops.interpolate(middle, { size: part(1) }), width);
  const large = leaky(layers.batchNorm("bn3", conv3, { eps }));
  return ops.tanh(layers.conv("conv4", large, channels, { bias: true }));
}

/** No tanh: numbers of rows have no end as those of pixels do. */
function dense(layers: Layers, latents: Tensor, { width, eps }: GeneratorOptions, geometry: ImageGeometry): Tensor {
  const { channels, height, width: across } = geometry;
  const units = DENSE_UNITS * width;
  const first = leaky(layers.batchNorm("bn1", layers.linear("l1", latents, units), { eps }));
  const second = leaky(layers.batchNorm("bn2", layers.linear("l2", first, units), { eps }));
  const last = layers.linear("l3", second, channels * height * across);
  return ops.reshape(last, [-1, channels, height, across]);
}

/** Makes columns, and times of a window, go together as they did: the factors of both correlations, times what has none. */
function correlated(x: Tensor, { correlation, timeCorrelation }: Correlations): Tensor {
  const factor = (rows: readonly (readonly number[])[]) => {
    const lower = choleskyFactor(rows);
    const whole = rows.flatMap((_, i) => rows.map((__, j) => lower[i]![j] ?? 0));
    return x.graph.constant("float32", [rows.length, rows.length], whole);
  };
  const [columns, times] = [correlation.length, timeCorrelation.length];
  const byTime = ops.matmul(ops.reshape(x, [-1, columns, times]), ops.transpose(factor(timeCorrelation)));
  return ops.reshape(ops.matmul(factor(correlation), byTime), [-1, columns, 1, times]);
}

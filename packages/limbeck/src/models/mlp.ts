import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import type { ForwardResult, Model, ModelFamily, ParameterSpec } from "./model.js";

const options = z.strictObject({
  hidden: z.array(z.int().positive()).min(1).meta({ description: "Units of each hidden layer." }),
  dropout: z
    .strictObject({
      input: z.number().min(0).lt(1).default(0).meta({ description: "Share of pixels dropped." }),
      hidden: z.number().min(0).lt(1).default(0).meta({ description: "Share of hidden units dropped." }),
    })
    .prefault({})
    .meta({ description: "Dropout in training." }),
});

type MlpOptions = z.infer<typeof options>;

/** PyTorch's default for `Linear`: weights and biases uniform in ± 1 / sqrt(inputs). */
function linearParameters(layer: number, inputs: number, outputs: number): ParameterSpec[] {
  const init = { kind: "uniform", bound: 1 / Math.sqrt(inputs) } as const;
  return [
    { name: `fc${layer}.weight`, shape: [outputs, inputs], init },
    { name: `fc${layer}.bias`, shape: [outputs], init },
  ];
}

function forward(
  { hidden, dropout }: MlpOptions,
  images: Tensor,
  weights: Readonly<Record<string, Tensor>>,
  training: boolean,
): ForwardResult {
  const taps: Record<string, Tensor> = {};
  let x = ops.flatten(images);
  if (training) x = ops.dropout(x, dropout.input);
  for (let layer = 1; layer <= hidden.length; layer++) {
    x = ops.relu(ops.linear(x, weights[`fc${layer}.weight`]!, weights[`fc${layer}.bias`]));
    taps[`relu${layer}`] = x;
    if (training) x = ops.dropout(x, dropout.hidden);
  }
  const last = `fc${hidden.length + 1}`;
  return { logits: ops.linear(x, weights[`${last}.weight`]!, weights[`${last}.bias`]), taps };
}

function build(mlpOptions: MlpOptions, geometry: ImageGeometry, classes: number): Model {
  const sizes = [geometry.channels * geometry.height * geometry.width, ...mlpOptions.hidden, classes];
  return {
    family: "mlp",
    parameters: sizes.slice(1).flatMap((outputs, i) => linearParameters(i + 1, sizes[i]!, outputs)),
    forward: (images, weights, training) => forward(mlpOptions, images, weights, training),
  };
}

/** Fully connected layers with ReLU, over flattened pixels. */
export const mlp: ModelFamily<MlpOptions> = {
  name: "mlp",
  description: "Fully connected layers with ReLU, over flattened pixels.",
  options,
  build,
};

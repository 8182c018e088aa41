import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import { MNIST, membersOf } from "./vision.js";

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

function build({ hidden, dropout }: MlpOptions, geometry: ImageGeometry, classes: number): Model {
  return traceModel("mlp", geometry, (layers, images) => {
    const taps: Record<string, Tensor> = {};
    let x = layers.dropout(ops.flatten(images), dropout.input);
    for (const [i, units] of hidden.entries()) {
      x = ops.relu(layers.linear(`fc${i + 1}`, x, units));
      taps[`relu${i + 1}`] = x;
      x = layers.dropout(x, dropout.hidden);
    }
    return { logits: layers.linear(`fc${hidden.length + 1}`, x, classes), taps };
  });
}

const member = membersOf(MNIST);

/** Fully connected layers with ReLU, over flattened pixels. */
export const mlp: ModelFamily<MlpOptions> = {
  name: "mlp",
  description: "Fully connected layers with ReLU, over flattened pixels.",
  source: "Hinton, Vinyals & Dean 2015, section 3; PyTorch's defaults",
  options,
  members: [member("mlp-64-64", { hidden: [64, 64] }), member("mlp-1200-1200", { hidden: [1200, 1200] })],
  build,
};

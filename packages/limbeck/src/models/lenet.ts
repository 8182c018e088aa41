import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import { MNIST, membersOf, widthOption } from "./vision.js";

const options = z.strictObject({
  width: widthOption(),
  activation: z.enum(["relu", "tanh"]).default("relu").meta({ description: "tanh is the paper's." }),
  pool: z.enum(["max", "average"]).default("max").meta({ description: "average is close to the paper's." }),
});

type LeNetOptions = z.infer<typeof options>;

/** The paper's images have 32 pixels a side; smaller ones are padded by 2. */
const PAPER_SIDE = 32;
const KERNEL = 5;

function build({ width, activation, pool }: LeNetOptions, geometry: ImageGeometry, classes: number): Model {
  const units = (count: number) => Math.max(1, Math.round(count * width));
  const padding = Math.min(geometry.height, geometry.width) < PAPER_SIDE ? 2 : 0;
  const act = activation === "tanh" ? ops.tanh : ops.relu;
  const half = (x: Tensor) => (pool === "max" ? ops.maxPool2d(x, 2) : ops.avgPool2d(x, 2));
  return traceModel("lenet", geometry, (layers, images) => {
    const conv = { kernel: KERNEL, bias: true };
    const stage1 = half(act(layers.conv("conv1", images, units(6), { ...conv, padding })));
    const stage2 = half(act(layers.conv("conv2", stage1, units(16), { ...conv, padding: 0 })));
    const fc1 = act(layers.linear("fc1", ops.flatten(stage2), units(120)));
    const features = act(layers.linear("fc2", fc1, units(84)));
    return { logits: layers.linear("fc3", features, classes), taps: { stage1, stage2, features } };
  });
}

const member = membersOf(MNIST);

/** LeNet-5 with a plain linear classifier. */
export const lenet: ModelFamily<LeNetOptions> = {
  name: "lenet",
  description: "LeNet-5: two convolutions and three linear layers.",
  source: "LeCun et al. 1998, with a linear classifier; PyTorch's defaults",
  options,
  members: [member("lenet5", {})],
  build,
};

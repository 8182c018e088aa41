import { describe, expect, it } from "vitest";
import type { ImageGeometry } from "../../src/data/dataset.js";
import { buildModel } from "../../src/models/index.js";
import { modelCost } from "../../src/models/inference.js";
import { parameterCount } from "../../src/models/model.js";

const image = (channels: number, side: number): ImageGeometry => ({ channels, height: side, width: side });

type Row = readonly [family: string, options: object, parameters: number];

/**
 * What the networks of RepDistiller (github.com/HobbitLong/RepDistiller) count to on CIFAR-100. Its half MobileNetV2 has a 1×1 convolution of 16 channels with its normalization, 288
 * values, before the first depthwise one; the paper and torchvision have none.
 */
const CIFAR_100: readonly Row[] = [
  ["resnet", { depth: 20 }, 278_324],
  ["resnet", { depth: 32 }, 472_756],
  ["resnet", { depth: 56 }, 861_620],
  ["resnet", { depth: 110 }, 1_736_564],
  ["resnet", { depth: 8, width: 4 }, 1_233_540],
  ["resnet", { depth: 32, width: 4 }, 7_433_860],
  ["wrn", { depth: 16, width: 2 }, 703_284],
  ["wrn", { depth: 40, width: 1 }, 569_780],
  ["wrn", { depth: 40, width: 2 }, 2_255_156],
  ["vgg", { depth: 8 }, 3_965_028],
  ["vgg", { depth: 13 }, 9_462_180],
  ["mobilenetv2", { width: 0.5, divisor: 4 }, 812_836 - 288],
];

/** He et al. 2016, table 6, in millions; to a unit in github.com/akamaster/pytorch_resnet_cifar10. CIFAR-10, option A. */
const CIFAR_10: readonly Row[] = [
  ["resnet", { depth: 20, shortcut: "padding" }, 269_722],
  ["resnet", { depth: 32, shortcut: "padding" }, 464_154],
  ["resnet", { depth: 56, shortcut: "padding" }, 853_018],
  ["resnet", { depth: 110, shortcut: "padding" }, 1_727_962],
];

/**
 * Parameters, and multiply-accumulate pairs in billions to the digits that mean the same: torchvision's `num_params` and
 * `_ops`, and timm's tables, which count some normalizations too.
 */
const IMAGENET: readonly (readonly [...Row, gigaMacs: number, digits: number])[] = [
  ["mobilenetv2", {}, 3_504_872, 0.301, 3],
  ["mobilenetv3", { size: "small" }, 2_542_856, 0.057, 3],
  ["mobilenetv3", { size: "large" }, 5_483_032, 0.217, 3],
  ["shufflenetv2", { width: 0.5 }, 1_366_792, 0.04, 2],
  ["shufflenetv2", { width: 1 }, 2_278_604, 0.145, 3],
  ["shufflenetv2", { width: 1.5 }, 3_503_624, 0.296, 3],
  ["shufflenetv2", { width: 2 }, 7_393_996, 0.583, 3],
  ["efficientnet-lite", {}, 4_652_008, 0.385, 3],
  ["vit", { dim: 192, heads: 3 }, 5_717_416, 1.3, 1],
  ["vit", { dim: 192, heads: 3, distilled: true }, 5_910_800, 1.3, 1],
  ["vit", { dim: 384, heads: 6 }, 22_050_664, 4.6, 1],
  ["vit", { dim: 384, heads: 6, distilled: true }, 22_436_432, 4.6, 1],
  ["mlp-mixer", {}, 18_528_264, 3.8, 1],
];

/** Ding et al. 2021, table 4: deployed parameters in millions, and billions of multiply-accumulate pairs. */
const REPVGG = [
  ["A0", 8.3, 1.4],
  ["A1", 12.78, 2.4],
  ["A2", 25.49, 5.1],
  ["B0", 14.33, 3.1],
] as const;

describe("published sizes", () => {
  it.each(CIFAR_100)("%s %j of CIFAR-100", (family, options, parameters) => {
    expect(parameterCount(buildModel({ family, ...options }, image(3, 32), 100))).toBe(parameters);
  });

  it.each(CIFAR_10)("%s %j of CIFAR-10", (family, options, parameters) => {
    expect(parameterCount(buildModel({ family, ...options }, image(3, 32), 10))).toBe(parameters);
  });

  it.each(IMAGENET)("%s %j of ImageNet", (family, options, parameters, gigaMacs, digits) => {
    const model = buildModel({ family, ...options }, image(3, 224), 1000);
    expect(parameterCount(model)).toBe(parameters);
    expect((modelCost(model, image(3, 224)).macs / 1e9).toFixed(digits)).toBe(gigaMacs.toFixed(digits));
  });

  it.each(REPVGG)("repvgg %s of ImageNet, deployed", (size, millions, gigaMacs) => {
    const model = buildModel({ family: "repvgg", size }, image(3, 224), 1000);
    expect(parameterCount(model) / 1e6).toBeCloseTo(millions, 1);
    expect(modelCost(model, image(3, 224)).macs / 1e9).toBeCloseTo(gigaMacs, 1);
  });

  it("lenet of MNIST, padded to 32 pixels: 416,520 products", () => {
    const model = buildModel({ family: "lenet" }, image(1, 28), 10);
    expect(parameterCount(model)).toBe(61_706);
    expect(modelCost(model, image(1, 28)).macs).toBe(416_520);
  });

  it("resnet20 of CIFAR-10: 40.55 million products but for its classifier (He et al. 2016: 40.8 M in all)", () => {
    const model = buildModel({ family: "resnet", depth: 20, shortcut: "padding" }, image(3, 32), 10);
    expect(modelCost(model, image(3, 32)).macs).toBe(40_551_040);
  });
});

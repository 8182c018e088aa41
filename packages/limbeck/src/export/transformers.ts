import type { SampleFacts } from "../runs/sample-facts.js";

/**
 * Model types of `transformers` that a family is nearest to. Pipelines choose by it how a session is fed, which is the same for
 * all of them; where there is no such type, resnet stands for "images in, logits out".
 */
const MODEL_TYPES: Readonly<Record<string, readonly [type: string, architecture: string]>> = {
  mobilenetv2: ["mobilenet_v2", "MobileNetV2ForImageClassification"],
  mobilenetv3: ["mobilenet_v3", "MobileNetV3ForImageClassification"],
  "efficientnet-lite": ["efficientnet", "EfficientNetForImageClassification"],
  vit: ["vit", "ViTForImageClassification"],
};

const ANY_NETWORK = ["resnet", "ResNetForImageClassification"] as const;

/** The same of texts: "token numbers in, logits out". */
const ANY_READER = ["bert", "BertForSequenceClassification"] as const;

/** `config.json`: the classes, and what makes pipelines take the folder. */
export function modelConfig({ kind, classes, ...samples }: SampleFacts, family: string, limbeck: string): object {
  const [type, architecture] = kind === "text" ? ANY_READER : (MODEL_TYPES[family] ?? ANY_NETWORK);
  const known = {
    ...(kind === "image" || kind === "text" ? { architectures: [architecture], model_type: type } : {}),
    ...(kind === "image" ? { num_channels: 3 } : {}),
  };
  return {
    ...known,
    id2label: Object.fromEntries(classes.entries()),
    label2id: Object.fromEntries(classes.map((name, id) => [name, id])),
    ...(kind === "image" && samples.height === samples.width ? { image_size: samples.height } : {}),
    ...(samples.columns ? { columns: samples.columns } : {}),
    ...(samples.sound ? { sound: samples.sound } : {}),
    ...(samples.text ? { text: samples.text } : {}),
    limbeck: { version: limbeck, family, input: kind },
  };
}

/** The same of a student that embeds images: pipelines look at the model's type alone, and give what it answers. */
export function embedderConfig({ embedding, height, width }: SampleFacts, family: string, limbeck: string): object {
  return {
    architectures: ["ResNetModel"],
    model_type: "resnet",
    num_channels: 3,
    hidden_size: embedding,
    ...(height === width ? { image_size: height } : {}),
    limbeck: { version: limbeck, family, input: "image" },
  };
}

/**
 * Of what transformers.js has in Node, this comes closest to smoothed bilinear resizing when images shrink: its "bilinear" skips
 * pixels there. Browsers resize as their canvas does, whatever is asked for.
 */
const LANCZOS = 1;

/**
 * `preprocessor_config.json`: pixels of 0 … 1 at the student's size. What else it needs is inside of the model. What is cut off can be
 * said of squares alone, and black margins not at all: others are stretched.
 */
export function preprocessorConfig({ height, width, fit }: SampleFacts): object {
  const isCut = fit === "cover" && height === width;
  return {
    image_processor_type: "ViTImageProcessor",
    do_convert_rgb: true,
    do_resize: true,
    size: isCut ? { shortest_edge: height } : { height, width },
    ...(isCut ? { do_center_crop: true, crop_size: { height, width } } : {}),
    resample: LANCZOS,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: false,
    image_mean: [0, 0, 0],
    image_std: [1, 1, 1],
  };
}

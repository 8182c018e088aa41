import type { Tensor } from "@limbeck/graph";
import { lastLayer, sameValues } from "../../models/last-layer.js";
import { type ForwardResult, isBeforeActivation } from "../../models/model.js";
import { linearHead } from "../heads.js";
import type { Choice } from "./choice.js";
import type { Pair } from "./pair.js";

/** Samples of a class below which explanations of the teacher are worth more than its features. */
const FEW_SAMPLES = 100;

/** Relations between fewer samples are noise. */
const FEWEST_SAMPLES = 32;

/** Most relation heads, as many as MiniLM has attention heads. */
const MOST_HEADS = 12;

/** What is learned from inside of the teacher: one choice for the ends of the networks, one for their middles. */
export function chooseInside(pair: Pair): Choice[] {
  const { student, teacher } = pair;
  if (!teacher) return [{ terms: [], reason: "No terms on features: the teacher's file takes one image at a time." }];
  const attention = chooseAttention(student, teacher);
  if (attention) return [attention];
  const end = chooseEnd(pair, teacher) ?? chooseRelation(pair, teacher);
  const middle = pair.samplesPerClass < FEW_SAMPLES ? chooseMiddle(pair, teacher) : undefined;
  return [end, middle].filter((choice) => choice !== undefined);
}

/** Both attend to the same tokens: the relations of the last block are transferred. */
function chooseAttention(student: ForwardResult, teacher: ForwardResult): Choice | undefined {
  const parts = ["queries", "keys", "values"] as const;
  const last = ({ taps }: ForwardResult) =>
    Object.keys(taps)
      .findLast((name) => name.endsWith(".values"))
      ?.slice(0, -7);
  const [ours, theirs] = [last(student), last(teacher)];
  if (ours === undefined || theirs === undefined) return undefined;
  const shapes = [student.taps[`${ours}.values`]!.shape, teacher.taps[`${theirs}.values`]!.shape] as const;
  if (shapes[0].length !== 3 || shapes[0][1] !== shapes[1][1]) return undefined;
  const heads = Array.from({ length: MOST_HEADS }, (_, i) => MOST_HEADS - i).find((count) =>
    shapes.every((shape) => shape[2]! % count === 0),
  )!;
  return {
    terms: parts.map((part) => ({
      loss: "minilm-relation",
      heads,
      student: `${ours}.${part}`,
      teacher: `${theirs}.${part}`,
    })),
    reason: `minilm-relation on queries, keys and values of the last blocks: both attend to the same tokens; widths and attention heads may differ (Wang et al. 2021).`,
  };
}

/** Both end in an average over places and one linear layer: classes have maps. */
function chooseEnd({ student, samplesPerClass, classes }: Pair, teacher: ForwardResult): Choice | undefined {
  const heads = [linearHead(student.logits), linearHead(teacher.logits)] as const;
  if (!heads[0] || !heads[1]) return undefined;
  if (samplesPerClass < FEW_SAMPLES) {
    return {
      terms: [{ loss: "cam" }],
      reason: `cam: there are ${Math.round(samplesPerClass)} samples of a class, and explanations help most where there are few (Parchami-Araghi et al. 2024).`,
    };
  }
  if (!isPositive(heads[1].maps)) return undefined;
  const channels = heads[1].maps.shape[1]!;
  return {
    terms: [{ loss: "srrl", features: rounded(1 / channels), answers: rounded(5 / classes) }],
    reason: `srrl: both networks end in pooling and a linear layer, so that the teacher's own classifier can judge the student's features (Yang et al. 2021); weights are 1 / ${channels} channels and 5 / ${classes} classes.`,
  };
}

const POSITIVE = ["Relu", "Clip"];

function isPositive({ source }: Tensor): boolean {
  return source.kind === "node" && POSITIVE.includes(source.node.op);
}

/** Whatever the networks are, samples that are alike for the one can be alike for the other. */
function chooseRelation({ student, batchSize }: Pair, teacher: ForwardResult): Choice | undefined {
  const [ours, theirs] = [penultimate(student), penultimate(teacher)];
  if (ours === undefined || theirs === undefined || batchSize < FEWEST_SAMPLES) return undefined;
  return {
    terms: [{ loss: "pkt", student: ours, teacher: theirs }],
    reason:
      "pkt on what the last layers read: it compares samples with each other, so that networks may differ in kind and width (Passalis & Tefas 2018).",
  };
}

/** The tap that the last layer reads. */
function penultimate({ logits, taps }: ForwardResult): string | undefined {
  const last = lastLayer(logits);
  const values = last ? sameValues(last.input) : [];
  return Object.keys(taps).find((name) => values.includes(taps[name]!));
}

/** Networks of one kind are active at the same places; across kinds this hurts. */
function chooseMiddle({ student, isOneFamily }: Pair, teacher: ForwardResult): Choice | undefined {
  const [ours, theirs] = [stagesOf(student), stagesOf(teacher)];
  const sizes = [...ours.keys()].filter((size) => theirs.has(size));
  if (sizes.length === 0) return undefined;
  if (!isOneFamily)
    return {
      terms: [],
      reason:
        "No at: attention transfer hurts between networks of different kinds, and these are not known to be of one.",
    };
  const terms = sizes.map((size) => {
    const [height, width] = size.split(",").map(Number);
    return {
      loss: "at",
      student: ours.get(size)!,
      teacher: theirs.get(size)!,
      weight: rounded(1000 / (height! * width!)),
    };
  });
  return {
    terms,
    reason: `at on ${sizes.length} pairs of stages of one size: with few samples it also helps to be active at the teacher's places, and the networks are of one kind (Zagoruyko & Komodakis 2017); weights are 1000 divided by places.`,
  };
}

/** Of each size of maps the last tap, but for those before an activation. */
function stagesOf({ taps }: ForwardResult): Map<string, string> {
  const maps = Object.entries(taps).filter(
    ([name, { shape }]) => shape.length === 4 && shape[2]! > 1 && !isBeforeActivation(name),
  );
  return new Map(maps.map(([name, { shape }]) => [shape.slice(2).join(), name]));
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

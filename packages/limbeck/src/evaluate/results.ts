import type { DataQuality } from "./data-quality.js";
import type { EmbeddingResults } from "./embedding/results.js";

/** Mean and sample standard deviation (n - 1) over seeds; `sd` is null where there is only one. */
export interface Spread {
  readonly mean: number;
  readonly sd: number | null;
}

/** What was measured of a model's answers, or of those of the same model trained with several seeds. */
interface AnswersResult {
  /** Wrongly classified test samples, one entry a seed. */
  readonly errors: readonly number[];
  readonly testSize: number;
  /** Share of test samples classified correctly, 0 … 1. */
  readonly accuracy: Spread;
  /** Share of test samples on which the model's top class is the teacher's; null for the teacher, and without one. */
  readonly agreement: Spread | null;
  /** Mean KL(teacher ‖ model) over test samples at temperature 1, in nats; null for the teacher, and without one. */
  readonly klToTeacher: Spread | null;
  /**
   * Mean cosine of teacher's and model's class activation maps for the teacher's top class, over test samples, 0 … 1; null for
   * the teacher, without one, and where one of the two networks does not end in an average over places and one linear layer.
   */
  readonly mapCosine: Spread | null;
  /** Expected calibration error with 15 equal-width bins, 0 … 1 (Guo et al. 2017). */
  readonly ece: Spread;
}

/** What a model costs. */
export interface ModelCosts {
  readonly parameters: number;
  /** Size of the ONNX file. */
  readonly bytes: number;
  /** Median time of one forward pass at batch 1 on one thread, in milliseconds. */
  readonly latencyMs: number;
  /** Peak resident memory of a fresh process that loads the ONNX file and answers at batch 1. */
  readonly peakMemoryBytes: number;
}

/** What was measured of one model, or of the same model trained with several seeds. */
export interface ModelResult extends AnswersResult, ModelCosts {
  /** Where the recipe makes students smaller while they learn. */
  readonly compression?: CompressionResult;
}

/** What pruning and quantization leave of a file; of the first seed. */
export interface CompressionResult {
  /** Size of the ONNX file after gzip. */
  readonly compressedBytes: number;
  /** Share of the weights of convolutions and linear layers that pruning made 0, 0 … 1. */
  readonly zeros: number;
}

/** The same of a teacher, whose costs are unknown (null) where it is only asked. */
export type TeacherResult = AnswersResult & { readonly [Cost in keyof ModelCosts]: number | null } & Pick<
    ModelResult,
    "compression"
  >;

/** Whether distillation helped, in numbers and in a sentence. */
export interface Verdict {
  /** The student's mean error is below the baseline's. */
  readonly helped: boolean;
  /** Mean test errors of the baseline minus the student's: positive when distillation helps. */
  readonly difference: number;
  /** `difference` as a share of the baseline's mean errors. */
  readonly relative: number;
  /** Two-sided p of Welch's t-test over seeds of students; null with fewer than two of each, or where all agree. */
  readonly pValue: number | null;
  /** `pValue` is below 0.05. */
  readonly significant: boolean;
  readonly sentence: string;
}

/** What was measured of a model that learned beside the student. */
export interface PeerResult extends ModelResult {
  /** Such as `peer2`: the student is the first. */
  readonly name: string;
  readonly family: string;
  /** Against the baseline; null where there is none, or where it is another model than this one. */
  readonly verdict: Verdict | null;
}

/** A pair of arms: the student with and without distillation, on one schedule and transfer set. */
export interface Comparison {
  readonly student: ModelResult;
  /** Null when the recipe turned the baseline off. */
  readonly baseline: ModelResult | null;
  readonly verdict: Verdict | null;
  /** What learned beside the student; missing where nothing did. */
  readonly peers?: readonly PeerResult[];
  /** Missing where the student has no exits. */
  readonly exits?: ExitTable;
  /** Missing where the student has not learned without labels before. */
  readonly features?: FeaturesResult;
}

/** What features that were learned without labels are worth before a label has changed them. */
export interface FeaturesResult {
  /** Test errors of the 20 nearest labelled samples' weighted vote, one entry a seed. */
  readonly neighbors: readonly number[];
  /** The same by the features of the same network before it has learned anything. */
  readonly untrained: readonly number[];
  /** How many labelled samples neighbors were looked for among. */
  readonly known: number;
}

/** What a network with exits comes to when samples leave at the first exit that is sure enough. */
export interface ExitTable {
  /** Multiply-accumulate pairs of an image that leaves at each exit, those of earlier exits' heads included; the deepest last. */
  readonly macs: readonly number[];
  readonly rows: readonly ExitRow[];
}

/** One threshold. Means over the seeds, where there are several. */
export interface ExitRow {
  /** Probability of the top class from which on an exit's answer counts. */
  readonly threshold: number;
  readonly accuracy: Spread;
  /** Mean multiply-accumulate pairs of an image, as a share of going to the deepest exit without any other. */
  readonly macsShare: Spread;
  /** Share of the samples that leave at each exit, the deepest last; of all seeds together. */
  readonly leaving: readonly number[];
}

/** A variant of the main comparison: another schedule, transfer set or loss. */
export interface VariantResult extends Comparison {
  readonly name: string;
  readonly description: string;
  readonly epochs: number;
  readonly transferSize: number;
  /** It differs from the main comparison in the number of epochs and in nothing else. */
  readonly onlyEpochsDiffer: boolean;
  /** Student after its biases were corrected, where the recipe asked for it. */
  readonly corrected: CorrectedResult | null;
}

/** Effect of matching the biases of classes that the transfer set lacks to the teacher's priors. */
export interface CorrectedResult {
  /** Added to the bias of each absent class, one entry a seed. */
  readonly offsets: readonly number[];
  readonly errors: readonly number[];
  /** Errors on test samples of the absent classes: before, after, and how many samples there are. */
  readonly absent: { readonly before: readonly number[]; readonly after: readonly number[]; readonly size: number };
}

/** A network that is neither the teacher nor a student, but between them or a part of one. */
export interface HelperResult {
  /** Such as `teacher/member-0`, `teacher/specialist-1`, `assistant-1`, `generation-2`, `generations`. */
  readonly name: string;
  /** Part of an ensemble of teachers, teacher of some classes (measured on test samples of these alone), link of a chain, or all generations answering together with equal weights. */
  readonly kind: "member" | "specialist" | "assistant" | "generation" | "generations";
  readonly result: ModelResult;
}

/** What arms saw in training, in words, where that is not the transfer set. */
export interface TrainedOn {
  readonly student: string;
  readonly baseline: string;
  /** What none of them saw: "training image"; null where the student's rows were made of some of them. */
  readonly unseen: string | null;
  /** The baseline learned from labels, and not from the teacher. */
  readonly fromLabels?: true;
}

/** Everything that a run measured. */
export interface RunResults extends Comparison {
  /** Null where the recipe has none. */
  readonly teacher: TeacherResult | null;
  /** Members of the teacher, and the chain from it to the student, in order. */
  readonly helpers: readonly HelperResult[];
  readonly variants: readonly VariantResult[];
  /** Of data-free schemes, and where images are unlabelled: what student and baseline saw in training. */
  readonly trainedOn?: TrainedOn;
  /** What was found in the data; runs of earlier versions lack it. */
  readonly data?: DataQuality;
}

/** Everything that a run measured, whatever its task: only results of classes have no `task`. */
export type TaskResults = RunResults | EmbeddingResults;

/** Whether results are those of embeddings. */
export function areEmbeddings(results: TaskResults): results is EmbeddingResults {
  return "task" in results;
}

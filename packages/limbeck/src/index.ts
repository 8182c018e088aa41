export type { Sample, Samples } from "./data/iterable/gather.js";
export type { Calibration, CalibrationScores } from "./evaluate/calibration.js";
export type {
  EmbeddedModel,
  EmbeddingComparison,
  EmbeddingEvaluation,
  EmbeddingRobustness,
  Moved,
  MovedSample,
  NeighborClasses,
} from "./evaluate/embedding/evaluation.js";
export type {
  EmbeddingControl,
  EmbeddingMeasures,
  EmbeddingModelResult,
  EmbeddingResults,
  EmbeddingVariant,
  Measure,
} from "./evaluate/embedding/results.js";
export type {
  Churn,
  ClassScores,
  EvaluatedModel,
  Evaluation,
  EvaluationEvent,
  EvaluationPart,
  JudgedSample,
  ModelCost,
  ReferenceComparison,
  Robustness,
  TaskScores,
} from "./evaluate/evaluation.js";
export type { Estimate } from "./evaluate/intervals.js";
export type {
  Comparison,
  HelperResult,
  ModelResult,
  RunResults,
  Spread,
  TaskResults,
  TeacherResult,
  VariantResult,
  Verdict,
} from "./evaluate/results.js";
export type {
  Candidate,
  Final,
  Round,
  SearchedStudent,
  SearchLimits,
  SearchResults,
} from "./evaluate/search-results.js";
export { type ExportResult, exportStudent } from "./export/export.js";
export type { ExportOptions } from "./export/options.js";
export type { QuantizedFormatName } from "./quantize/formats.js";
export type { LayerLoss, QuantizationRecord, QuantizationReport } from "./quantize/quantization.js";
export { parseRecipe, readRecipe } from "./recipe/parse.js";
export type { RecipeProblem } from "./recipe/problem.js";
export { type Recipe, recipeJsonSchema, recipeSchema } from "./recipe/schema.js";
export { type DistillOptions, distill, resume } from "./runs/distill.js";
export { type EvaluateOptions, evaluateEmbeddings, evaluateModels } from "./runs/evaluate/evaluate.js";
export type { EmbeddedSamples, LabeledSamples, ModelToEvaluate } from "./runs/evaluate/subject.js";
export type { Phase, RunEvent } from "./runs/events.js";
export { type QuantizeOptions, quantizeFile } from "./runs/quantize.js";
export type { SearchEvent } from "./runs/search/events.js";
export { resumeSearch, type SearchOptions, search } from "./runs/search/search.js";
export { ERROR_CODES, type ErrorCode, type ErrorRecord, LimbeckError } from "./support/errors.js";
export type { FunctionAnswer, TeacherFunction } from "./teachers/black-box/function.js";
export type { Question as TeacherQuestion } from "./teachers/black-box/source.js";
export type { CheckpointEvent, EpochEvent, LossValues, ProgressEvent, TrainEvent } from "./train/events.js";

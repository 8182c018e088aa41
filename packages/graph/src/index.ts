export type { Cost } from "./cost/cost.js";
export { type GraphCost, graphCost, nodeCost } from "./cost/index.js";
export { createGraph, type GraphOptions } from "./create.js";
export type { DType, TypedArray } from "./dtype.js";
export { GRAPH_ERROR_CODES, GraphError, type GraphErrorCode, TypedError, type TypedErrorDetails } from "./errors.js";
export { type GradientOptions, gradients } from "./gradients.js";
export { Graph } from "./graph.js";
export { chainOnnx, renameInOnnx } from "./onnx/compose.js";
export { cutOnnx } from "./onnx/cut.js";
export type { KnownValue } from "./onnx/data-types.js";
export { fromOnnx, type ImportedModel, type ImportOptions } from "./onnx/decode.js";
export { type EncodeOptions, type ModelInParts, OPSET, toOnnx, toOnnxInParts } from "./onnx/encode.js";
export { matchesGlob, matchingNames } from "./onnx/glob.js";
export { fromFloat16, toFloat16 } from "./onnx/half.js";
export { type InspectOptions, inspectModel } from "./onnx/inspect/inspect.js";
export type * from "./onnx/inspect/report.js";
export type { DimensionBindings, ShapeProbe } from "./onnx/shapes.js";
export type { ExternalData } from "./onnx/tensors.js";
export { readWeights, type StoredWeight } from "./onnx/weights.js";
export type { GradientContext, InferContext, Operator, OperatorTable } from "./operator.js";
export { operatorTable } from "./ops/table.js";
export * as ops from "./ops/vocabulary.js";
export { type AdamOptions, adam, adamw } from "./optim/adam.js";
export type { Optimizer, OptimizerEntry, OptimizerUpdate } from "./optim/optimizer.js";
export { type Schedule, type ScheduleOptions, schedule } from "./optim/schedule.js";
export { type SgdOptions, sgd } from "./optim/sgd.js";
export { foldBatchNorm } from "./passes/batch-norm.js";
export { mergeCommon } from "./passes/common.js";
export { type FoldConstantsOptions, foldConstants } from "./passes/constants.js";
export { dropDeadCode } from "./passes/dead-code.js";
export { freezeParameters } from "./passes/freeze.js";
export { type GraftOptions, graft } from "./passes/graft.js";
export { forInference, type InferenceOptions } from "./passes/inference.js";
export { printGraph } from "./print.js";
export type { ExecutionProvider } from "./provider.js";
export type { Range } from "./quantize/affine.js";
export { type DynamicOptions, quantizeDynamic } from "./quantize/dynamic.js";
export { exposeValues } from "./quantize/expose.js";
export { type HalfLosses, type HalfModel, type HalfOptions, toHalf } from "./quantize/half.js";
export { type Int4Options, int4Layers, quantizeInt4 } from "./quantize/int4.js";
export { type QuantizableLayer, quantizableLayers } from "./quantize/list.js";
export { type QuantizationPlan, quantizationPlan } from "./quantize/plan.js";
export { quantizeStatic, type StaticOptions, valuesToCalibrate } from "./quantize/static.js";
export { permutation, type RandomStream, randomStream } from "./random.js";
export type { Backend, RuntimeTensor, SessionOptions } from "./runtime/backend.js";
export { probeWith } from "./runtime/probe.js";
export {
  compileTraining,
  type TrainingBuffer,
  type TrainingOptions,
  type TrainingProgram,
  type Updated,
} from "./runtime/program.js";
export {
  type StepReport,
  TrainingSession,
  type TrainingSessionOptions,
  type TrainingState,
} from "./runtime/training.js";
export { formatShape, type Shape, sizeOf } from "./shape.js";
export type { Attribute, Attributes, Node, RandomFill, Tensor, TensorSource, TensorType } from "./tensor.js";
export { verify } from "./verify.js";

export const EXECUTION_PROVIDERS = ["cpu", "cuda", "webgpu", "coreml", "dml"] as const;

/**
 * Where operators run: the processor, in a browser as WebAssembly (`cpu`); NVIDIA's CUDA; WebGPU; Apple's Core ML;
 * Microsoft's DirectML.
 */
export type ExecutionProvider = (typeof EXECUTION_PROVIDERS)[number];

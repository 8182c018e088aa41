/** The whole vocabulary: `build.ts` and what the families of operators add to it. They import `build.ts`, not this file. */
export * from "./build.js";
export * from "./build-activation.js";
export * from "./build-attention.js";
export * from "./build-convolution.js";
export * from "./build-indexing.js";
export * from "./build-loss.js";
export * from "./build-math.js";
export * from "./build-normalization.js";
export * from "./build-quantization.js";
export * from "./build-recurrent.js";
export * from "./build-spatial.js";

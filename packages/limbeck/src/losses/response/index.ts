export { crossEntropy } from "./cross-entropy.js";
export { kd } from "./kd.js";

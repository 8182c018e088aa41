export { cam } from "./cam.js";
export { catKd } from "./cat-kd.js";
export { saliency } from "./saliency.js";

import { blur } from "./blur.js";
import type { Corruption } from "./corruption.js";
import { brightness, contrast } from "./light.js";
import { noise } from "./noise.js";
import { shift } from "./shift.js";

/** Every corruption that robustness is measured by. */
export const CORRUPTIONS: readonly Corruption[] = [noise, blur, shift, brightness, contrast];

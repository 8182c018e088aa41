import { SPECIALIST_TERMS } from "../../recipe/specialists.js";
import type { Choice } from "./choice.js";

/** How teachers that know some classes each are learned from. */
export function chooseSpecialists(): Choice {
  return {
    terms: SPECIALIST_TERMS,
    reason:
      "restricted-kd: the specialists tell the classes of their own sets apart (Hinton et al. 2015, section 5); cross-entropy tells the sets apart, of which no specialist knows.",
  };
}

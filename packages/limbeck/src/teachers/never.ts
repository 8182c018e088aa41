/** Logit of what is impossible. Not infinity: 0 · ∞ is not a number. */
export const NEVER = -1000;

/** Terms as a recipe writes them, and why they were chosen. */
export interface Choice {
  readonly terms: readonly object[];
  readonly reason: string;
}

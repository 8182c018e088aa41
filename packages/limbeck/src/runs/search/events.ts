import type { Candidate, SearchResults } from "../../evaluate/search-results.js";
import type { Phase, RunEvent } from "../events.js";

/** What a search tells, in order: what it begins with, each round with the events of its trainings, and what it found. */
export type SearchEvent =
  | {
      readonly type: "search-start";
      readonly searchDir: string;
      readonly name: string;
      readonly candidates: readonly Candidate[];
    }
  | {
      readonly type: "search-round";
      /** Such as `round 1 of 3` or `finals`. */
      readonly title: string;
      readonly epochs: number;
      readonly students: readonly string[];
      readonly phases: readonly Phase[];
    }
  | { readonly type: "search-results"; readonly results: SearchResults }
  | RunEvent;

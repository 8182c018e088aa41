import type { Moved, MovedSample } from "./evaluation.js";
import type { EmbeddingReference } from "./measures.js";
import { nearest, recalls } from "./retrieval.js";
import { cosines, dot, normalized, takeVectors, type Vectors, vectorAt } from "./vectors.js";

/** Samples that are kept. */
const KEPT = 24;
/** What rounding leaves of a copy's 1. */
const UNMOVED = 1 - 1e-6;

/** What samples are, by their places among the vectors. */
export interface Placed {
  /** Position of each in the data set. */
  readonly indices: ArrayLike<number>;
  /** Nothing where there are no classes. */
  readonly labels: ArrayLike<number> | undefined;
}

/** Samples whose embeddings differ most from the reference's, those first that differ most; of a copy none. */
export function movedSamples(reference: EmbeddingReference, own: Vectors, { indices, labels }: Placed): Moved {
  const { vectors, places } = reference;
  const isAlike = own.width === vectors.width;
  const values = isAlike ? cosines(vectors, own) : neighborsFound(reference, own);
  const placeOf = (row: number) => (isAlike ? row : places[row]!);
  const rows = Array.from(values.keys())
    .filter((row) => values[row]! < UNMOVED)
    .sort((a, b) => values[a]! - values[b]! || a - b);
  const nearestTo = [nearestFinder(own, places), nearestFinder(vectors, places)] as const;
  const samples = rows.slice(0, KEPT).map((row): MovedSample => {
    const place = placeOf(row);
    const [mine, theirs] = nearestTo.map((find) => {
      const found = find(place);
      return found === undefined ? null : indices[found]!;
    });
    const label = labels?.[place] ?? null;
    return { index: indices[place]!, label, value: values[row]!, nearest: mine!, reference: { nearest: theirs! } };
  });
  return { by: isAlike ? "cosine" : "recall10", samples };
}

function neighborsFound({ places, neighbors }: EmbeddingReference, own: Vectors): number[] {
  const depth = neighbors[0]?.length ?? 0;
  return depth === 0 ? [] : recalls(neighbors, nearest(takeVectors(own, places), depth), depth);
}

/** Finds the place of the other vector with the largest cosine, among some. */
function nearestFinder(vectors: Vectors, places: Uint32Array): (place: number) => number | undefined {
  const units = normalized(vectors);
  return (place) => {
    let [best, most]: [number | undefined, number] = [undefined, Number.NEGATIVE_INFINITY];
    for (const other of places) {
      if (other === place) continue;
      const cosine = dot(vectorAt(units, place), vectorAt(units, other));
      if (cosine > most) [best, most] = [other, cosine];
    }
    return best;
  };
}

/** One figure of every model. */
export interface Measure<Model> {
  readonly label: string;
  /** What it means, in a sentence or two. */
  readonly meaning: string;
  /** Null where a model has none. */
  readonly cell: (model: Model) => string | null;
}

/** Figures that stand together. */
export interface MeasureGroup<Model> {
  readonly title: string;
  readonly measures: readonly Measure<Model>[];
  /** The models that they are of. */
  readonly shown: readonly Model[];
}

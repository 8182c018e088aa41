/** What a step leaves of the moving average: by a half cosine from `first` to 1. @param done share of the training, 0 … 1 */
export function momentumAt(done: number, first: number): number {
  return 1 - ((1 - first) * (Math.cos(Math.PI * done) + 1)) / 2;
}

/** The teacher's temperature: it climbs in a line, and stays. @param warmUp share of the training in which it climbs */
export function temperatureAt(done: number, first: number, last: number, warmUp: number): number {
  return done >= warmUp ? last : first + ((last - first) * done) / warmUp;
}

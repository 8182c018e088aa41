/** Yields what a piece of work tells while it goes on, in order, and returns what comes of it. */
export async function* telling<Event, Result>(
  work: (tell: (event: Event) => void) => Promise<Result>,
): AsyncGenerator<Event, Result> {
  const told: Event[] = [];
  let wake = () => {};
  let isOver = false;
  const result = work((event) => {
    told.push(event);
    wake();
  });
  const end = () => {
    isOver = true;
    wake();
  };
  result.then(end, end);
  while (true) {
    yield* told.splice(0);
    if (told.length > 0) continue;
    if (isOver) return result;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

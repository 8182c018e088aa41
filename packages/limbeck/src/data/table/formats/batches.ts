/** The first of what comes some at a time, and what came with it. */
export async function firstOf<Item>(
  batches: AsyncGenerator<readonly Item[]>,
): Promise<{ readonly item: Item; readonly rest: readonly Item[] } | undefined> {
  for (;;) {
    const next = await batches.next();
    if (next.done) return undefined;
    const [item, ...rest] = next.value;
    if (item !== undefined) return { item, rest };
  }
}

/** What came already, and then the others; who stops in between stops these as well. */
export async function* chained<Item>(
  first: readonly Item[],
  batches: AsyncGenerator<readonly Item[]>,
): AsyncGenerator<readonly Item[]> {
  try {
    yield first;
    yield* batches;
  } finally {
    await batches.return(undefined);
  }
}

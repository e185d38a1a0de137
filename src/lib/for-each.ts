/**
 * Does work on each item, on at most `limit` at a time. After an error no further item is begun,
 * and those in work are finished first.
 * @throws the first error, of the items or of the work
 */
export async function forEach<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  // Overlapping calls of a generator's next() wait for each other.
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : each(items);
  const errors: unknown[] = [];
  await Promise.all(Array.from({ length: limit }, lane));
  if (errors.length > 0) throw errors[0];

  async function lane(): Promise<void> {
    try {
      while (errors.length === 0) {
        const { done, value } = await iterator.next();
        if (done === true) return;
        await work(value);
      }
    } catch (error) {
      errors.push(error);
    }
    await iterator.return?.().catch((error: unknown) => errors.push(error));
  }
}

async function* each<T>(items: Iterable<T>): AsyncGenerator<T, void, void> {
  yield* items;
}

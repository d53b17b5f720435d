/** Calls `work` for every item, so many at a time; results in the items' order. Stops at the first error or abort. */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  signal: AbortSignal,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    try {
      while (next < items.length) {
        signal.throwIfAborted();
        const place = next++;
        results[place] = await work(items[place] as Item);
      }
    } catch (error) {
      next = items.length;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, lane));
  return results;
}

/** Leaves out whatever can be left out of a list while it still fails; halves first, then smaller parts. */
export async function minimise<T>(list: readonly T[], stillFails: (list: readonly T[]) => Promise<boolean>): Promise<readonly T[]> {
  let kept = list;
  for (let size = Math.ceil(kept.length / 2); size >= 1; ) {
    let left = false;
    for (let from = 0; from < kept.length; ) {
      const without = kept.toSpliced(from, size);
      if (await stillFails(without)) {
        kept = without;
        left = true;
      } else {
        from += size;
      }
    }
    if (size === 1 && !left) break;
    size = Math.max(1, Math.floor(size / 2));
  }
  return kept;
}

/**
 * Waits for what does not keep this process's time: a socket, a thread, another process. As long as it takes, not for ever.
 * A count of turns would be over in no time on an idle machine, before the other side had its say.
 */
export async function until(isTrue: () => boolean | Promise<boolean>, what = 'the condition'): Promise<void> {
  for (const end = performance.now() + 120_000; !(await isTrue()); ) {
    if (performance.now() > end) throw new Error(`It did not come true in two minutes: ${what}`);
    // Two turns and then a rest, so that a wait takes no core from what it waits for.
    await new Promise<void>(resolve => setImmediate(resolve));
    await new Promise<void>(resolve => setTimeout(resolve, 1));
  }
}

/** What every step does: nothing, and returns about 120 bytes. */
export const work = async () => ({ ok: true, v: 'x'.repeat(100) });

/** True when the steps run one after the other: all that a queue can do. */
export const isChain = dependsOn =>
  dependsOn.every((before, position) => (position === 0 ? before.length === 0 : before.length === 1 && before[0] === position - 1));

/**
 * Runs steps as their dependencies allow, the way people write it in a workflow function: a promise per step.
 * `runStep` gets the position and returns the step's promise.
 */
export async function runGraph(dependsOn, runStep) {
  if (isChain(dependsOn)) {
    for (const position of dependsOn.keys()) await runStep(position);
    return;
  }
  const promises = [];
  for (const [position, before] of dependsOn.entries()) {
    promises.push(Promise.all(before.map(other => promises[other])).then(() => runStep(position)));
  }
  await Promise.all(promises);
}

/**
 * A chain of steps on a queue: each job sends the next one. `send` is called with a flow and a position;
 * the queue's handler calls `handle` with the same.
 */
export class QueueFlows {
  #waiting = new Map();
  #next = 0;

  constructor(steps, send) {
    this.steps = steps;
    this.send = send;
  }

  async runFlow() {
    const flow = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers();
    this.#waiting.set(flow, resolve);
    Promise.resolve(this.send({ flow, position: 0 })).catch(reject);
    return promise;
  }

  async handle({ flow, position }) {
    await work();
    if (position + 1 < this.steps) await this.send({ flow, position: position + 1 });
    else {
      this.#waiting.get(flow)?.();
      this.#waiting.delete(flow);
    }
  }
}

/** SQLite's word for a durability; undefined: leave it as the contestant has it. */
export const toSynchronous = durability => ({ process: 'NORMAL', power: 'FULL' })[durability];

/** Looks whether SQLite did what was asked of it, at the end, when it has written: rows of one table must mean the same durability. */
export function requireSynchronous(database, synchronous) {
  if (!synchronous) return;
  const found = database.pragma('synchronous', { simple: true });
  if (found !== { NORMAL: 1, FULL: 2 }[synchronous]) throw new Error(`Expected synchronous = ${synchronous}, found ${found}`);
  const journal = database.pragma('journal_mode', { simple: true });
  if (journal !== 'wal') throw new Error(`Expected a write-ahead log, found ${journal}`);
}

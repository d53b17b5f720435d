import type { Rehearsal, RehearsedEntry } from './holding.ts';
import type { Envelope } from './kind.ts';

/** What a rehearsal came to. */
export interface Rehearsed {
  readonly entries: readonly RehearsedEntry[];
  readonly effects: readonly string[];
  /** It would be refused, or a machine would throw, so. */
  readonly failure?: { readonly code: string; readonly message: string };
}

interface Walk extends Rehearsal<Envelope> {
  readonly told: Envelope[];
}

/** Walks through what an envelope leads to in its tick, on copies. */
export async function rehearse(envelope: Envelope, now: number): Promise<Rehearsed> {
  const entries: RehearsedEntry[] = [];
  const effects: string[] = [];
  const scratches = new Map<object, unknown>();
  const walk: Walk = {
    now, told: [envelope],
    scratch: <State>(kind: object, make: () => State): State => {
      if (!scratches.has(kind)) scratches.set(kind, make());
      return scratches.get(kind) as State;
    },
    post: next => void walk.told.push(next),
    enter: entry => void entries.push(entry),
    perform: effect => void effects.push(effect),
  };
  try {
    // By index: what follows is walked through, too.
    for (let index = 0; index < walk.told.length; index++) {
      const { kind, command } = walk.told[index] as Envelope;
      if (kind.holding) await kind.holding.rehearse(command, walk);
      else effects.push(`tell ${kind.name}`);
    }
    return { entries, effects };
  } catch (error) {
    const { code = 'machine_failed', message } = error as { readonly code?: string; readonly message: string };
    return { entries, effects, failure: { code, message } };
  }
}

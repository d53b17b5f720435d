import type { Call, Following, Peer, Service, Told } from '../owner/method.ts';
import { serveMethods, serveTopics } from '../owner/method.ts';
import { debugMethods, debugTopics } from '../owner/debug-methods.ts';
import type { Breakpoint } from './breakpoint.ts';
import type { Debugger, HeldChange } from './debugger.ts';

/** Leaves out what is undefined. */
const given = <Options extends object>(options: Options): { [Name in keyof Options]: Exclude<Options[Name], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [Name in keyof Options]: Exclude<Options[Name], undefined> };

/**
 * What clients can ask of whoever debugs.
 *
 * @param open makes the debugger when somebody first asks for it
 * @param log tells every command that steers, and by whom
 */
export function serveDebugger(open: () => Debugger, log: (method: string, target: string | undefined) => void): { readonly methods: Service['methods']; readonly topics: Service['topics'] } {
  const steer = (method: string, { peer }: { readonly peer: Peer }, target?: string): Debugger => {
    const one = open();
    one.attach(peer, peer.closed);
    log(method, target);
    return one;
  };
  // Whoever waits for the end of it follows `held`.
  const begin = (going: Promise<void>): null => {
    going.catch(() => {});
    return null;
  };
  const methods = serveMethods(debugMethods, {
    pause: async ({ target, ...options }, call) => {
      const one = steer('pause', call, target);
      const held = await one.pause(target, given(options));
      one.lend(target);
      return held;
    },
    pauseOnStart: ({ flowId, ...options }, call) => {
      const one = steer('pauseOnStart', call, flowId);
      one.pauseOnStart(flowId, given(options));
      one.lend(undefined);
      return null;
    },
    resumeHeld: ({ target }, call) => {
      steer('resumeHeld', call, target).resume(target);
      return null;
    },
    // What was asked for before was done, or was lost with whoever held it: it is not done twice.
    step: ({ target }, call) => (call.again ? false : lent(steer('step', call, target), target).step(target)),
    stepOver: ({ target, step }, call) => begin(lent(steer('stepOver', call, target), target).stepOver(target, step)),
    stepOut: ({ target }, call) => begin(lent(steer('stepOut', call, target), target).stepOut(target)),
    runTo: async ({ target, breakpoints }, call) => begin(lent(steer('runTo', call, target), target).runTo(target, breakpoints.map(toBreakpoint))),
    preview: async ({ target, index }) => (await open().preview(target, index)) ?? null,
    breakpoints: ({ set }, call: Call) => {
      if (!set) return open().breakpoints();
      const one = steer('breakpoints', call);
      one.lend(undefined);
      return one.breakpoints(set.map(toBreakpoint));
    },
  });
  const { held } = debugTopics;
  return { methods, topics: serveTopics({ held }, { held: (_, following) => followHeld(open(), following) }) };
}

const toBreakpoint = (breakpoint: object): Breakpoint => given(breakpoint) as Breakpoint;

function lent(one: Debugger, target: string): Debugger {
  one.lend(target);
  return one;
}

/** What is told last of each is what counts: a client that is slow misses what was in between. */
async function* followHeld(one: Debugger, { peer, signal }: Following): AsyncGenerator<Told> {
  one.attach(peer, peer.closed ?? signal);
  const changes = new Map<string, HeldChange>();
  let wake = (): void => {};
  const unwatch = one.watch(change => {
    changes.delete(change.target);
    changes.set(change.target, change);
    wake();
  });
  const leave = (): void => wake();
  signal.addEventListener('abort', leave, { once: true });
  try {
    yield { type: 'snapshot', cursor: null, data: { held: one.held(), breakpoints: one.breakpoints() } };
    while (!signal.aborted) {
      if (changes.size === 0) await new Promise<void>(resolve => (wake = resolve));
      const entries = [...changes.values()];
      changes.clear();
      if (entries.length > 0) yield { type: 'commit', cursor: null, entries };
    }
  } finally {
    unwatch();
    signal.removeEventListener('abort', leave);
  }
}

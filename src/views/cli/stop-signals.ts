/** How a person or the system asks the program to stop. */
export interface StopSignals {
  /** Resolves with the first one's name. */
  readonly first: Promise<NodeJS.Signals>;
  /** The first one's name, once it came. */
  readonly received: NodeJS.Signals | undefined;
  dispose(): void;
}

const names: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const numbers: Readonly<Record<string, number>> = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 };

/** The exit code a shell gives a program ended by that signal. */
export function toSignalExitCode(signal: NodeJS.Signals): number {
  return 128 + (numbers[signal] ?? 0);
}

/** Listens for Ctrl-C and the like: the first is told, the second ends the process at once. */
export function listenForStop(target: NodeJS.Process, beforeExit: () => void): StopSignals {
  let received: NodeJS.Signals | undefined;
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (received !== undefined) {
      beforeExit();
      target.exit(toSignalExitCode(signal));
    }
    received = signal;
    resolve(signal);
  };
  for (const name of names) target.on(name, onSignal);
  return {
    first: promise,
    get received() {
      return received;
    },
    dispose() {
      for (const name of names) target.off(name, onSignal);
    },
  };
}

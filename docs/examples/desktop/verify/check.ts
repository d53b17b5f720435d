import type { DrivenApp } from './driven-app.ts';

export interface CheckContext {
  /** Of the example. */
  readonly root: string;
  /** What the app keeps its files in. */
  readonly folder: string;
  /** Starts the app; it is ended by whoever runs the check. */
  begin(): DrivenApp;
}

export interface Check {
  readonly name: string;
  readonly run: (context: CheckContext) => Promise<void>;
}

/** @throws with both, when something is not what it should be */
export function requireSame(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

/** What the orders' page shows, as bodies of functions in it. */
export const shown = {
  connected: "return document.querySelector('[role=status]')?.textContent === 'connected'",
  begunAgain: "return document.querySelector('[role=status]')?.textContent === 'the runtime is begun again'",
  status: "return document.querySelector('tbody td:nth-child(2)')?.textContent",
  waiting: "return document.querySelector('tbody li:nth-child(2)')?.textContent === 'approve: waiting'",
  scored: "return document.querySelector('tbody td:nth-child(2)')?.textContent === 'scored'",
  approve: "document.querySelector('tbody button').click()",
} as const;

/** Starts the app, and waits until its page has its runtime. */
export async function beginConnected({ begin }: CheckContext): Promise<DrivenApp> {
  const app = begin();
  await app.see(shown.connected);
  return app;
}

/** Places an order, as its button does; resolves with the execution's id. */
export const place = async (app: DrivenApp): Promise<string> => String(await app.run("return (await client.start('order', { input: { what: 'chair' }, labels: { what: 'chair' } })).executionId"));

/** Approves the newest order, which waits for that, and sees it go to its end. @throws when a step was run twice */
export async function finish(app: DrivenApp, executionId: string): Promise<void> {
  await app.see(shown.waiting);
  await app.run(shown.approve);
  await app.see(shown.scored);
  requireSame(await readRuns(app, executionId), { reserve: [1, 0], approve: [1, 0], ship: [1, 0] }, 'attempts and interruptions of the steps');
}

export const readRuns = (app: DrivenApp, executionId: string): Promise<unknown> =>
  app.run(`return Object.fromEntries((await client.get('${executionId}')).steps.map(({ stepId, attempts, interruptions }) => [stepId, [attempts, interruptions]]))`);

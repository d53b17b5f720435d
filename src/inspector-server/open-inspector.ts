import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import type { Logger } from '../core/logger.ts';
import { silentLogger } from '../core/logger.ts';
import type { RedactValue } from '../core/redact-values.ts';
import { describeValue } from '../core/wording.ts';
import type { Runtime } from '../runtime/api.ts';
import { createServer } from '../server/server.ts';
import type { StoreSource } from '../server/source.ts';
import { createInspectorPage, describeControl } from './inspector-page.ts';
import type { XStateInspector } from './xstate/xstate-inspector.ts';

export type { RedactValue } from '../core/redact-values.ts';

export interface InspectorOptions {
  /** 0: any that is free. Default 0. It listens on the loopback address only. */
  readonly port?: number;
  /** Whether the page may change something and hold executions. Default: unless `NODE_ENV` is `production`, and where somebody owns the store. */
  readonly control?: boolean;
  /** Texts that must not be told; as of `createRuntime`. */
  readonly secrets?: readonly string[];
  /** Takes out what else must not be told: called with every text of a value, and where it is; what it returns is told in its place. */
  readonly redact?: RedactValue;
  /** Tells of this runtime's actors at `xstateUrl`: give `createRuntime` its `inspect`. Left out: only applications of XState tell there. */
  readonly xstate?: XStateInspector;
  /** Pages that may connect to it, as `http://localhost:5173`: applications of XState in a browser. Default: its own. */
  readonly origins?: readonly string[];
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
}

export interface Inspector {
  /** Opens the page, once and within a minute: it has a code in its fragment. */
  readonly url: string;
  readonly port: number;
  /**
   * Where the messages of XState's inspectors are spoken, with its key: an application that tells there
   * (`createWebSocketInspector({ url })`) is drawn by the page; whoever listens (`createWebSocketReceiver({ server })`) is told of actors.
   */
  readonly xstateUrl: string;
  /** Another address of the page, with a code of its own. */
  createUrl(): string;
  close(): Promise<void>;
}

/**
 * Serves the inspector's page, for a runtime of this process or a store that another one owns.
 *
 * @example
 * ```ts
 * import { createMemoryStore, createRuntime } from 'flowstone';
 * import { openInspector } from 'flowstone/inspector';
 *
 * const runtime = await createRuntime({ store: createMemoryStore() });
 * const inspector = await openInspector(runtime);
 * console.log(inspector.url); // open it in a browser
 * await inspector.close();
 * await runtime.stop();
 * ```
 *
 * @throws a `FlowError` with code `option_invalid` or `port_taken`
 */
export async function openInspector(source: Runtime | StoreSource, options: InspectorOptions = {}): Promise<Inspector> {
  const known = requireKnownKeys(options, { port: true, control: true, secrets: true, redact: true, xstate: true, origins: true, clock: true, logger: true }, '`openInspector`');
  const isProduction = process.env['NODE_ENV'] === 'production';
  const { port = 0, control: wanted = !isProduction, secrets, redact, xstate, origins, clock = systemClock, logger = silentLogger } = known;
  if (typeof wanted !== 'boolean') throw new FlowError('option_invalid', `Expected \`control\` to be true or false, got ${describeValue(wanted)}`);
  const page = createInspectorPage({ control: describeControl(wanted, 'start' in source || source.client !== undefined), clock, xstate });
  const server = createServer(source, {
    auth: { tokens: [page.grant] }, clock, logger, parts: page.parts,
    ...(secrets && { secrets }), ...(redact && { redact }), ...(origins && { origins }),
  });
  const listening = await server.listen({ port });
  const createUrl = (): string => page.createUrl(listening.url);
  const xstateUrl = `${listening.url.replace(/^http/, 'ws')}${page.xstate}`;
  return { url: createUrl(), port: listening.port, xstateUrl, createUrl, close: () => server.close() };
}

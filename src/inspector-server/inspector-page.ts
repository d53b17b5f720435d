import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { TokenGrant } from '../server/authority.ts';
import type { CreatePart } from '../server/part.ts';
import { EntryCodes } from './entry-codes.ts';
import { createInspectorPart } from './inspector-part.ts';
import { listPageFiles } from './page-files.ts';
import type { XStateInspector } from './xstate/xstate-inspector.ts';
import { createXStatePart, xstatePath } from './xstate/xstate-part.ts';

export interface InspectorPageOptions {
  /** Whether the page may change and hold something; else why not. */
  readonly control: { readonly may: boolean; readonly why: string | null };
  readonly clock: Clock;
  /** Tells of this process's actors to inspectors of XState. */
  readonly xstate?: XStateInspector | undefined;
}

/** The page of the inspector: what a server needs to have it, and the addresses that open it. */
export interface InspectorPage {
  readonly parts: readonly CreatePart[];
  /** What the page may do, by a token that only its program ever knows. */
  readonly grant: TokenGrant;
  /** Where messages of XState's inspectors are told, with its key, below the address of the server. */
  readonly xstate: string;
  /** An address of the page, for one use within a minute: a code is in its fragment, which no browser sends. */
  createUrl(server: string): string;
}

/** Makes the page for a server. Each has a token and codes of its own. */
export function createInspectorPage({ control, clock, xstate }: InspectorPageOptions): InspectorPage {
  const token = randomBytes(32).toString('base64url');
  const xstateKey = randomBytes(32).toString('base64url');
  const told = `${xstatePath}?key=${xstateKey}`;
  const codes = new EntryCodes(clock);
  return {
    parts: [createInspectorPart({ codes, token, xstate: told, control, files: listPageFiles() }), createXStatePart(xstateKey, xstate)],
    grant: { token, scopes: control.may ? ['read', 'run', 'operate', 'debug'] : ['read'] },
    xstate: told,
    createUrl: server => `${server}/inspector/#code=${codes.create()}`,
  };
}

/** Whether a page may change something, and what it says when it may not. */
export function describeControl(isWanted: boolean, isOwned: boolean): InspectorPageOptions['control'] {
  if (!isOwned) return { may: false, why: 'No process owns the database: it can be looked at' };
  return { may: isWanted, why: isWanted ? null : 'The program that opened the inspector lets it look only' };
}

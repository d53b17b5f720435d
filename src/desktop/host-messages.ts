import type { Scope } from '../owner/protocol.ts';

/** What the process that keeps the windows says to the one that keeps the runtime, beside the windows' ports. */
export type ParentMessage =
  /** A window's port comes with it, or has this number; more than `scopes` it may not do. */
  | { readonly type: 'connect'; readonly scopes: readonly Scope[]; readonly port?: number }
  | { readonly type: 'suspend' }
  | { readonly type: 'resume' }
  | { readonly type: 'stop'; readonly timeoutMs: number };

/** What the process that keeps the runtime says. */
export type HostMessage =
  | { readonly type: 'ready' }
  /** It could not begin, and ends: another process owns the database, or a flow is wrong. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly details?: unknown };

/** Whether it is one of the other end's; nothing else of it is checked: the two are one program. */
export const isMessage = (value: unknown): value is { readonly type: string } => typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** A process that was begun. */
export interface HostProcess<Port> {
  send(message: ParentMessage, port?: Port): void;
  /** Ends it at once. */
  kill(): void;
}

/** What is heard of it. */
export interface HostEvents {
  message(message: HostMessage): void;
  exited(): void;
}

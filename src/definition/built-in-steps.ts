import type { Duration } from '../core/duration.ts';

/** Names of the tools that every runtime has; `exec`, `http` and `publish` are written without `tool:`. */
export const builtInNames = ['exec', 'http', 'publish', 'value.make', 'files.list', 'files.largest'] as const;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What steps that are built in take as `with`. */
export interface BuiltInInputs {
  readonly exec: {
    readonly command: string;
    readonly args?: readonly (string | number | boolean)[] | undefined;
    readonly cwd?: string | undefined;
    readonly env?: { readonly [name: string]: string } | undefined;
    readonly input?: string | undefined;
    readonly parse?: 'text' | 'json' | 'lines' | undefined;
    readonly maxOutputBytes?: number | undefined;
    readonly allowedExitCodes?: readonly number[] | undefined;
  };
  readonly http: {
    readonly url: string;
    readonly method?: string | undefined;
    readonly headers?: { readonly [name: string]: string } | undefined;
    readonly body?: Json | undefined;
    readonly expect?: readonly number[] | undefined;
    readonly parse?: 'json' | 'text' | 'auto' | undefined;
    readonly maxBodyBytes?: number | undefined;
  };
  readonly sleep: { readonly for: Duration } | { readonly until: string | number };
}

/** What they give. */
export interface BuiltInOutputs {
  readonly exec: { readonly exitCode: number; readonly stdout: unknown; readonly stderr: string; readonly stderrTruncated: boolean };
  readonly http: { readonly status: number; readonly headers: { readonly [name: string]: string }; readonly body: unknown };
  readonly publish: { readonly messageId: string; readonly correlationId: string };
  readonly sleep: null;
}

/** What a `publish` step takes beside `queue` and `payload`. */
export interface PublishSource {
  readonly priority?: 'low' | 'normal' | 'high' | 'urgent' | number | undefined;
  readonly delay?: Duration | undefined;
  readonly idempotency_key?: string | undefined;
  readonly correlation_id?: string | undefined;
  readonly partition_key?: string | undefined;
  readonly to?: 'one' | 'all' | { readonly instance: string } | undefined;
  readonly version?: number | undefined;
  readonly at?: string | undefined;
}

export { FlowstoneContext, useConnection, useExecution, useExecutions, useFlowstone } from './react/hooks.ts';
export type { UseExecutionsOptions } from './react/hooks.ts';
export type { Live } from './react/live-store.ts';

import type { FlowstoneClient } from 'flowstone/client';

export type { FlowstoneClient } from 'flowstone/client';
export type RuntimeProcessView = FlowstoneClient['connection']['state'];

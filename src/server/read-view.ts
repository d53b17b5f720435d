import type { RecordReader } from '../../persistence/store.ts';

const methods: { readonly [Name in keyof Required<RecordReader>]: 'call' | 'value' } = {
  location: 'value', artifacts: 'value', interactions: 'value', isolations: 'value', catalog: 'value', actors: 'value',
  getDefinition: 'call', getExecution: 'call', listGenerations: 'call', findByIdempotencyKey: 'call', listExecutions: 'call',
  countExecutions: 'call', listSteps: 'call', listResults: 'call', listAttempts: 'call', getInput: 'call', getOutput: 'call',
  listItemOutputs: 'call', readJournal: 'call', readTrees: 'call', listCheckpoints: 'call', listSignals: 'call', getRequest: 'call',
  getOwner: 'call', getSize: 'call', readRows: 'call', close: 'call', getConsolidated: 'call', listInputs: 'call', listDurations: 'call',
  getFeedState: 'call', readFeed: 'call', getMessage: 'call', getMessagePayload: 'call', listMessages: 'call', countMessages: 'call',
  listMessageTimes: 'call', findMessageByKey: 'call', listInstances: 'call', listOutbox: 'call', listMessageWaiters: 'call',
};

/** What may be read of records, and nothing more, whatever else they can do. Does not close them. */
export function createReadView(records: RecordReader): RecordReader {
  const view: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(methods)) {
    const member = records[name as keyof RecordReader] as unknown;
    if (member === undefined) continue;
    view[name] = kind === 'value' ? member : (member as (...values: unknown[]) => unknown).bind(records);
  }
  return Object.freeze({ ...view, close: () => undefined }) as unknown as RecordReader;
}

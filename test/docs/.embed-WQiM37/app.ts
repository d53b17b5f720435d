// app.ts
import { createRuntime, loadFlow } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { getBalance, swap } from './tools.ts';

const store = openSqliteStore({ file: 'app.db' });
const runtime = await createRuntime({ store, tools: [getBalance, swap], flows: [await loadFlow('swap.yml')] });
const execution = await runtime.start('swap', { input: { wallet: 'ada' }, idempotencyKey: 'order-1' });
const { status, score, steps } = await execution.settled();
console.log(status, score, steps.map(step => `${step.stepId}: ${step.status}`));
await runtime.stop();

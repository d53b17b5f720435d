// Every way the flows can go, run against the real runtime, and again with a crash at every commit.
import { test } from 'node:test';
import { loadFlow } from 'flowstone';
import { testPaths } from 'flowstone/testing';
import { refund } from '../flows/refund.ts';

testPaths(await loadFlow('flows/order.yml'), { test, outcomes: 'generated', mode: 'crash' });
testPaths(refund, { test, outcomes: 'generated', mode: 'crash' });

import { afterAll, beforeAll, describe } from 'vitest';
import { windowSize } from '../../src/kinds/queues/window-size.ts';

const { messages: usual } = windowSize;

// What is in memory of a queue must not show: the same tests, with next to nothing in memory. All of them run with 1,000.
describe.each([1, 4])('with a window of %i', async size => {
  beforeAll(() => {
    windowSize.messages = size;
  });
  afterAll(() => {
    windowSize.messages = usual;
  });
  for (const file of ['handling', 'leases', 'care', 'instances', 'request-and-reply', 'with-flows']) {
    await import(/* @vite-ignore */ `./${file}.test.ts?window=${size}`);
  }
});

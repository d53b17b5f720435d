import { afterAll, beforeAll, describe, inject } from 'vitest';
import { describeCarrier } from '../owner/carrier-contract.ts';
import { openDisplay } from './window-app.ts';
import { WindowCarriers } from './window-carrier.ts';

let display: Awaited<ReturnType<typeof openDisplay>>;
let carriers: WindowCarriers;

describe.skipIf(inject('lacking') !== '')('the suite of all carriers', () => {
  beforeAll(async () => {
    display = await openDisplay();
    carriers = new WindowCarriers(inject('app'), display.name);
  });
  afterAll(async () => {
    await carriers.close();
    await display.close();
  });

  describeCarrier('windows of WebKitGTK', (sessions, maxLength) => carriers.open(sessions, maxLength));
});

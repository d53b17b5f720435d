import { describeCarrier } from './carrier-contract.ts';
import { carriers } from './carriers.ts';

for (const [name, open] of Object.entries(carriers)) describeCarrier(name, open);

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { NoForm } from './executable-content.ts';
import type { ScxmlCase } from './run-case.ts';
import { driveLive, driveRestarted, findFault, listCases } from './run-case.ts';
import { toMachine } from './to-machine.ts';

/** The one whose data model holds a function, which nothing can store. */
const functionInData = 'w3c-ecma/test453';

/** A document whose expressions are wrong on purpose cannot be read, either. */
const hasNoForm = (error: unknown): boolean => error instanceof NoForm || error instanceof SyntaxError;

// XState says so when an actor that has ended is sent something.
beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

describe('documents of the SCXML conformance suites', () => {
  /** Those that XState itself gets right, as this converter writes them. */
  const right: ScxmlCase[] = [];

  it('go in XState as they should, for the most part', async () => {
    const cases = listCases();
    for (const one of cases) {
      try {
        if ((await findFault(driveLive(toMachine(one.document)), one)) === undefined) right.push(one);
      } catch (error) {
        if (!hasNoForm(error)) throw error;
      }
    }
    expect([cases.length, right.length]).toEqual([316, 223]);
  });

  it('go as durable actors as they go in XState, with a restart before everything that happens', async () => {
    const faults: string[] = [];
    for (const one of right) {
      const fault = await findFault(driveRestarted(toMachine(one.document)), one).catch((error: Error) => error.message);
      if (fault !== undefined) faults.push(`${one.name}: ${fault}`);
    }
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${functionInData}: Expected a JSON value at .*got a function`))]);
  });
});

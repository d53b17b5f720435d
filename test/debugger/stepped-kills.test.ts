import { expect, it } from 'vitest';
import { change } from '../bundle-program.ts';
import { killStepped } from './stepped-kills.ts';

it('an execution that is stepped and killed goes on where it was: nothing lost, nothing repeated', async () => {
  const { killed, faults } = await killStepped(3);
  expect(faults).toEqual([]);
  expect(killed).toBe(3);
});

it('a gate that lets what it holds through is found out by whoever looks at the file and the calls', async () => {
  const leaks = change('src/debugger/gate.ts', ['this.#hold(hold, envelope);\n    return undefined;', 'this.#hold(hold, envelope);\n    return envelope;']);
  const { faults } = await killStepped(0, 0, [leaks]);
  expect(faults).not.toEqual([]);
});

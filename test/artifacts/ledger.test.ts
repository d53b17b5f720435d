import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArtifactRecord } from '../../persistence/artifact-store.ts';
import { findNameProblem } from '../../src/core/artifact-name.ts';
import { createRedactor } from '../../src/core/redact.ts';
import type { Draft, Origin } from '../../src/kinds/flows/artifacts/artifact-ledger.ts';
import { ArtifactLedger } from '../../src/kinds/flows/artifacts/artifact-ledger.ts';

const toDraft = ([name, content]: readonly [string, string]): Draft => ({ name, kind: 'text', contentType: 'text/plain', file: name, size: content.length, sha256: content, pieces: 1 });
const toOrigin = (attempt: number, run: number): Origin => ({ executionKey: 1, executionId: 'e', position: 0, item: -1, stepId: 's', attempt, run });

/** A store of rows that a ledger's answers are applied to, as the keeper applies them. */
function createRows(): { rows: Map<string, ArtifactRecord>; emit: (ledger: ArtifactLedger, origin: Origin, draft: Draft) => void; settle: (ledger: ArtifactLedger, origin: Origin) => void } {
  const rows = new Map<string, ArtifactRecord>();
  const place = ({ name, version }: ArtifactRecord): string => `${name}/${version}`;
  return {
    rows,
    emit(ledger, origin, draft) {
      const { row, isNew, removed } = ledger.enter(origin, draft, undefined, 0);
      if (isNew && rows.has(place(row))) throw new Error(`${place(row)} is there already`);
      rows.set(place(row), row);
      for (const gone of removed) rows.delete(place(gone));
    },
    settle(ledger, origin) {
      for (const gone of ledger.settle(origin)) rows.delete(place(gone));
    },
  };
}

const emission = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y', 'z'));

describe('the ledger of versions', () => {
  it('comes to what an uninterrupted run makes, whatever runs before it made and lost', () => {
    fc.assert(
      fc.property(fc.array(fc.array(emission, { maxLength: 6 }), { maxLength: 4 }), fc.array(emission, { maxLength: 6 }), (cutOff, last) => {
        const { rows, emit, settle } = createRows();
        let ledger = new ArtifactLedger([], 0);
        for (const [run, list] of cutOff.entries()) {
          for (const one of list) emit(ledger, toOrigin(1, run + 1), toDraft(one));
          // The process dies: the successor has what is stored and nothing else.
          ledger = new ArtifactLedger([...rows.values()].toSorted((a, b) => a.version - b.version), 100 * (run + 1));
        }
        const run = cutOff.length + 1;
        for (const one of last) emit(ledger, toOrigin(1, run), toDraft(one));
        settle(ledger, toOrigin(1, run));
        const found = [...rows.values()].toSorted((a, b) => a.version - b.version);
        for (const name of ['a', 'b', 'c']) {
          expect(found.filter(row => row.name === name).map(({ sha256 }) => sha256)).toEqual(last.filter(([of]) => of === name).map(([, content]) => content));
        }
        expect(found.every(row => row.run === run)).toBe(true);
      }),
    );
  });

  it('gives every attempt versions of its own, and touches none of the attempts before', () => {
    fc.assert(
      fc.property(fc.array(fc.array(emission, { maxLength: 5 }), { maxLength: 5 }), attempts => {
        const { rows, emit, settle } = createRows();
        const ledger = new ArtifactLedger([], 0);
        for (const [index, list] of attempts.entries()) {
          for (const one of list) emit(ledger, toOrigin(index + 1, index + 1), toDraft(one));
          settle(ledger, toOrigin(index + 1, index + 1));
        }
        expect(rows.size).toBe(attempts.flat().length);
        const contents = [...rows.values()].map(({ content }) => content);
        expect(new Set(contents).size).toBe(contents.length);
      }),
    );
  });
});

describe('names of artifacts', () => {
  it('that are taken never leave a folder, on any system', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom('..', '.', 'a', '', 'C:', 'nul', '\0', '\\', 'b.txt', ' '), { maxLength: 5 }).map(parts => parts.join('/'))), name => {
        if (findNameProblem(name) !== undefined) return;
        const parts = name.split('/');
        expect(parts.every(part => part !== '' && part !== '.' && part !== '..')).toBe(true);
        expect(name).not.toMatch(/[\\:\0]|^\//);
      }),
    );
  });
});

describe('secrets', () => {
  it('are in no text that has been through the filter', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 6, maxLength: 20 }), { maxLength: 3 }), fc.array(fc.string({ maxLength: 10 })), (secrets, around) => {
        const text = around.join(secrets[0] ?? '') + secrets.join(' ');
        const clean = createRedactor(secrets)(text).replaceAll('[redacted]', '\u0000');
        for (const secret of secrets) expect(clean).not.toContain(secret);
      }),
    );
  });
});

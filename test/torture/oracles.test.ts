import { describe, expect, it } from 'vitest';
import { judgeAccounts } from './mixed-storm/judge-accounts.ts';
import { judgeHandlers } from './mixed-storm/judge-handlers.ts';
import type { Witnessed } from './mixed-storm/storm-witness.ts';
import type { Operation } from './power-cut/record.ts';
import { RecordedDisk } from './power-cut/recorded-disk.ts';

describe('the oracle of the storm', () => {
  const account = { id: 0, seen: ['x'], round: 1, keys: ['k'] };
  const sound: Witnessed[] = [
    { what: 'sending', account: 'account-0', n: 'x' }, { what: 'sent', account: 'account-0', n: 'x' },
    { what: 'pay', account: 0, round: 0, key: 'k' }, { what: 'paid', account: 0, round: 0, key: 'k' },
  ];
  const complainAbout = (accounts: readonly typeof account[], seen: readonly Witnessed[]): string => {
    const complaints: string[] = [];
    judgeAccounts(accounts, seen, complaint => complaints.push(complaint));
    return complaints.join('\n');
  };

  it.each([
    ['nothing', [account], sound, ''],
    ['an event that is lost', [{ ...account, seen: [] }], sound, 'lost the event x'],
    ['an event taken twice', [{ ...account, seen: ['x', 'x'] }], sound, 'took an event twice'],
    ['an event from nowhere', [account], sound.slice(2), 'that nobody sent: x'],
    ['a payment under two keys', [account], [...sound, { what: 'pay', account: 0, round: 0, key: 'l' }], 'was paid under [k, l]'],
    ['a round that nobody saw paid', [account], sound.slice(0, 3), 'nobody saw it paid'],
  ] as [string, typeof account[], Witnessed[], string][])('finds %s', (_name, accounts, seen, complaint) => {
    const found = complainAbout(accounts, seen);
    if (complaint === '') expect(found).toBe('');
    else expect(found).toContain(complaint);
  });

  const run = (what: 'start' | 'end' | 'fail', stepId: string, attempt = 1, key = `e/${stepId}#1`): Witnessed => ({ what, executionId: 'e', stepId, item: -1, attempt, key });
  const step = (stepId: string) => ({ stepId, status: 'completed', attempts: 1, interruptions: 0 });
  const executions = new Map([['e', { executionId: 'e', steps: [step('a'), step('end')] }]]) as never;
  const whole = [run('start', 'a'), run('end', 'a'), run('start', 'end'), run('end', 'end')];

  it.each([
    ['nothing', whole, ''],
    ['a step that ran after its execution had settled', [...whole, { what: 'settled', executionId: 'e' }, run('start', 'end')], 'ran after its execution had settled'],
    ['a step that ran again after a later one had begun', [...whole, run('start', 'a')], 'ran again after what depends on it'],
    ['a run of what is not stored', [...whole, { ...run('start', 'a'), executionId: 'f' }], 'its execution is not there'],
    ['another key', [run('start', 'a', 1, 'e/a#2'), ...whole], 'ran under the key e/a#2'],
    ['an attempt without a failure', [run('start', 'a'), run('start', 'a', 2), ...whole.slice(1)], 'nobody saw one fail'],
    ['more runs than are stored', [run('start', 'a'), ...whole], 'began 2 times'],
    ['a step that nobody saw end', whole.slice(0, 3), 'nobody saw it end'],
  ] as [string, Witnessed[], string][])('finds %s', (_name, seen, complaint) => {
    const complaints: string[] = [];
    judgeHandlers(executions, seen, found => complaints.push(found));
    if (complaint === '') expect(complaints).toEqual([]);
    else expect(complaints.join('\n')).toContain(complaint);
  });
});

describe('a disk whose power is cut', () => {
  const write = (offset: number, text: string): Operation => ({ kind: 'write', name: 'f', offset, bytes: Buffer.from(text) });
  const other = (kind: 'sync' | 'truncate' | 'remove', name = 'f', offset = 0): Operation => ({ kind, name, offset, bytes: undefined });
  const cut = (fate: Parameters<RecordedDisk['cut']>[0], ...operations: Operation[]): string | undefined => {
    const disk = new RecordedDisk({ next: () => 0.9 });
    for (const operation of operations) disk.note(operation);
    return disk.cut(fate).get('f')?.toString();
  };

  it('keeps what was synced, whatever becomes of the rest', () => {
    const operations = [write(0, 'one two'), other('sync'), write(0, 'ONE'), write(4, 'TWO')];
    expect(cut('dropped', ...operations)).toBe('one two');
    expect(cut('kept', ...operations)).toBe('ONE TWO');
    expect(cut('late', ...operations)).toBe('one TWO');
    expect(cut('random', ...operations)).toBe('one two');
    expect(cut('torn', ...operations)).toBe('ONE two');
    expect(cut('by sector', write(0, 'x'), other('sync'), write(0, 'y'.repeat(600)))).toBe('x');
  });

  it('keeps a file that was removed until its folder is synced, and what was cut off until it is', () => {
    expect(cut('dropped', write(0, 'one'), other('sync'), other('remove'))).toBe('one');
    expect(cut('kept', write(0, 'one'), other('sync'), other('remove'))).toBeUndefined();
    expect(cut('dropped', write(0, 'one'), other('sync'), other('remove'), other('sync', 'folder'))).toBeUndefined();
    expect(cut('dropped', write(0, 'one'), other('sync'), other('truncate', 'f', 1))).toBe('one');
    expect(cut('kept', write(0, 'one'), other('sync'), other('truncate', 'f', 1), write(2, 'x'))).toBe('o\u0000x');
  });
});

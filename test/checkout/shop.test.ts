import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';

const script = join(import.meta.dirname, '../../docs/examples/checkout/shop.ts');
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-checkout-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const readProvider = (): string[] => {
  try {
    return readFileSync(join(folder, 'provider.txt'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

const readKey = (): string => readProvider()[0]?.slice('asked '.length) ?? '';

/** Opens the shop until it closes by itself, or until something is there to see: then it is killed. What it has said. */
async function openShop(argv: readonly string[], isEnough?: (lines: readonly string[]) => boolean): Promise<string[]> {
  const shop = spawn(process.execPath, ['--conditions=flowstone-source', script, folder, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(shop, 'close');
  const lines: string[] = [];
  const look = (): void => void (isEnough?.(lines) && shop.kill('SIGKILL'));
  const watcher = watch(folder, look);
  createInterface({ input: shop.stdout }).on('line', line => {
    lines.push(line);
    look();
  });
  expect(await closed).toEqual(isEnough ? [null, 'SIGKILL'] : [0, null]);
  watcher.close();
  return lines;
}

it('takes the money once, whenever it is killed, and abandons a cart that has waited for its day', async () => {
  const inCart = await openShop(['order-17'], lines => lines.length > 0);
  const paying = await openShop(['order-18', 'confirm'], () => readProvider().some(line => line.startsWith('charged')));
  const packing = await openShop([], lines => lines.some(line => line.includes('packing packed')));
  const twoDaysLater = await openShop(['--later', '48']);
  const key = readKey();
  const facts = `amountCents 4200, receipt R-${key}`;
  expect(key).toMatch(/^order-18\/payment#/);
  expect(readProvider()).toEqual([`asked ${key}`, `charged ${key} 4200`, `asked ${key}`]);
  expect(inCart).toEqual(['order-17: cart (amountCents 4200)']);
  expect(paying.filter(line => line.startsWith('order-18'))).toEqual(['order-18: cart (amountCents 4200)', 'order-18: paying (amountCents 4200)']);
  expect(packing.filter(line => line.startsWith('order-18'))).toEqual(['order-18: paying (amountCents 4200)', `order-18: packing begun (${facts})`, `order-18: packing packed (${facts})`]);
  // It ends at the start, and the parcel is not packed a second time.
  expect(twoDaysLater.join('\n')).not.toContain('packing begun');
  expect(twoDaysLater.findLast(line => line.startsWith('order-18'))).toBe(`order-18: sent (${facts}, tracking T-parcel)`);
  expect(twoDaysLater.findLast(line => line.startsWith('order-17'))).toBe('order-17: abandoned (amountCents 4200)');
});

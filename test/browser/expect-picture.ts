import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const folder = join(import.meta.dirname, '../../docs/images');
/** Share of pixels that may differ: letters are drawn a little differently on other systems. */
const maxShare = 0.005;
/** Least difference of a colour that counts, of 255. */
const threshold = 24;

/**
 * Compares how a page looks with a picture of the documentation. With `UPDATE_PICTURES` set, or where there is none, writes it.
 *
 * Ids and times differ from run to run: they are hidden.
 */
export async function expectPicture(page: Page, name: string): Promise<void> {
  const file = join(folder, `${name}.png`);
  const style = '.head-id, .place-time, time, .timeline-axis, .facts dd { visibility: hidden !important; } * { caret-color: transparent !important; }';
  const taken = await page.screenshot({ animations: 'disabled', style });
  if (process.env['UPDATE_PICTURES'] || !existsSync(file)) {
    writeFileSync(file, taken);
    return;
  }
  const share = await compare(page, readFileSync(file), taken);
  expect(share, `share of pixels of docs/images/${name}.png that differ; UPDATE_PICTURES=1 writes it`).toBeLessThan(maxShare);
}

/** Share of pixels that differ, counted in a page of its own, which needs no decoder of ours. */
async function compare(page: Page, before: Buffer, after: Buffer): Promise<number> {
  const other = await page.context().newPage();
  try {
    return await other.evaluate(async ([one, two, least]) => {
      const read = async (data: string): Promise<ImageData> => {
        const bitmap = await createImageBitmap(await (await fetch(data)).blob());
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
        context.drawImage(bitmap, 0, 0);
        return context.getImageData(0, 0, bitmap.width, bitmap.height);
      };
      const [a, b] = [await read(one), await read(two)];
      if (a.width !== b.width || a.height !== b.height) return 1;
      let different = 0;
      for (let at = 0; at < a.data.length; at += 4) if ([0, 1, 2].some(part => Math.abs(a.data[at + part]! - b.data[at + part]!) > least)) different++;
      return different / (a.data.length / 4);
    }, [`data:image/png;base64,${before.toString('base64')}`, `data:image/png;base64,${after.toString('base64')}`, threshold] as const);
  } finally {
    await other.close();
  }
}

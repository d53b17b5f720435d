import type { Page } from 'playwright-core';

/** What is wrong with the picture that is shown: boxes on one another, texts that leave their box or lie on one another. */
export interface Faults {
  readonly boxes: number;
  readonly texts: number;
  readonly overlaps: readonly string[];
  readonly clipped: readonly string[];
  readonly collisions: readonly string[];
}

/** Measures the drawn picture itself, all of it, by the browser's own boxes. */
export function findFaults(page: Page): Promise<Faults> {
  return page.evaluate(() => {
    const inside = (inner: DOMRect, outer: DOMRect): boolean => inner.left >= outer.left - 0.4 && inner.right <= outer.right + 0.4 && inner.top >= outer.top - 0.4 && inner.bottom <= outer.bottom + 0.4;
    const touch = (a: DOMRect, b: DOMRect): boolean => a.left < b.right - 0.4 && b.left < a.right - 0.4 && a.top < b.bottom - 0.4 && b.top < a.bottom - 0.4;
    const holders = [...document.querySelectorAll<SVGGElement>('.step, .state, .label')];
    const boxOf = (holder: Element): DOMRect => holder.querySelector('.card:not(.card-behind), .state-box, .label-box')!.getBoundingClientRect();
    // States that hold others lie under them.
    const boxes = holders.filter(holder => !holder.matches('.state-outer, .state-root')).map(holder => ({ name: holder.querySelector('text')?.textContent ?? '', box: boxOf(holder) }));
    const overlaps = boxes.flatMap((a, place) => boxes.slice(place + 1).flatMap(b => (touch(a.box, b.box) ? [`${a.name} and ${b.name}`] : [])));
    const clipped: string[] = [];
    const collisions: string[] = [];
    let texts = 0;
    for (const holder of holders) {
      const box = boxOf(holder);
      const own = [...holder.querySelectorAll('text')].filter(text => text.closest('.step, .state, .label') === holder && text.textContent !== '');
      texts += own.length;
      for (const text of own) if (!inside(text.getBoundingClientRect(), box)) clipped.push(text.textContent);
      for (const [place, a] of own.entries()) for (const b of own.slice(place + 1)) if (touch(a.getBoundingClientRect(), b.getBoundingClientRect())) collisions.push(`${a.textContent} and ${b.textContent}`);
    }
    return { boxes: boxes.length, texts, overlaps, clipped, collisions };
  });
}

/** Contrast of two colours of the style, by their tokens, as WCAG computes it. */
export function measureContrast(page: Page, front: string, back: string): Promise<number> {
  return page.evaluate(([one, other]) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    const probe = document.body.appendChild(document.createElement('i'));
    const luminance = (token: string): number => {
      probe.style.color = `var(${token})`;
      canvas.fillStyle = getComputedStyle(probe).color;
      canvas.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map(value => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const [a, b] = [luminance(one!), luminance(other!)];
    probe.remove();
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }, [front, back]);
}

/** Names of all nodes that are reached from the first one with one key, each of them in view when it has the focus. */
export async function walk(page: Page, key: string, atMost: number): Promise<{ readonly reached: readonly string[]; readonly hidden: readonly string[] }> {
  const reached: string[] = [];
  const hidden: string[] = [];
  for (let step = 0; step < atMost; step++) {
    const at = await page.evaluate(() => {
      const focused = document.activeElement!;
      const { left, right, top, bottom } = focused.getBoundingClientRect();
      return { id: focused.getAttribute('data-node') ?? focused.getAttribute('data-row'), name: focused.getAttribute('aria-label'), isSeen: right > 0 && bottom > 0 && left < innerWidth && top < innerHeight };
    });
    if (at.id === null || reached.includes(at.id)) break;
    reached.push(at.id);
    if (!at.isSeen || at.name === null) hidden.push(at.id);
    await page.keyboard.press(key);
  }
  return { reached, hidden };
}

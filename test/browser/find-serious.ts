import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

// Names of the graph's buttons say more than their two lines, in another order: `charge: completed, attempt 1 of 3`.
/** What axe finds serious or worse on a page, each with the first places. It is run apart from the page: the page's policy lets no other script in. */
export async function findSerious(page: Page): Promise<string[]> {
  // Behind the policy of the page, as a debugger is.
  const violations = (await page.evaluate(`(() => { ${axe}; return axe.run(document, { resultTypes: ['violations'], rules: { 'label-content-name-mismatch': { enabled: false } } }).then(({ violations }) => violations); })()`)) as readonly Violation[];
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary = '' }) => `${html.slice(0, 160)} ${failureSummary.split('\n')[1] ?? ''}`).join(' | ')}`);
}

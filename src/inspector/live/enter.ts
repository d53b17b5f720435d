const key = 'flowstone.inspector';

/** What lets the page in, and whether it may change and hold something; else why not. */
export interface Entry {
  readonly token: string;
  /** Where XState's inspectors are spoken; left out: nowhere. */
  readonly xstate?: string;
  readonly control: { readonly may: boolean; readonly why: string | null };
}

/**
 * How the page comes by its token: once by a code in the fragment, which no request carries, then from the tab's own storage.
 * The code is exchanged and gone; the token leaves neither the tab nor this machine.
 */
export async function enter(): Promise<Entry | undefined> {
  const code = /^#code=([A-Za-z0-9_-]+)(.*)$/.exec(location.hash);
  if (code) {
    const [, given = '', rest = ''] = code;
    history.replaceState(null, '', `${location.pathname}#${rest.replace(/^&/, '') || '/'}`);
    const answer = await fetch('./session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code: given }), cache: 'no-store' });
    if (answer.ok) sessionStorage.setItem(key, await answer.text());
  }
  const kept = sessionStorage.getItem(key);
  return kept === null ? undefined : (JSON.parse(kept) as Entry);
}

/** Forgets a token that was refused. */
export const leave = (): void => sessionStorage.removeItem(key);

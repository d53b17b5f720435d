import type { Mermaid } from 'mermaid';
import { onContentUpdated, withBase } from 'vitepress';
import DefaultTheme from 'vitepress/theme';

let loaded: Promise<Mermaid> | undefined;

/** Mermaid is large: the first page that has a diagram loads it, as one file that is beside the site. */
function loadMermaid(): Promise<Mermaid> {
  return (loaded ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = withBase('/mermaid.js');
    script.addEventListener('error', () => reject(new Error('mermaid.js is not there')));
    script.addEventListener('load', () => {
      const { mermaid } = globalThis as unknown as { readonly mermaid: Mermaid };
      mermaid.initialize({ startOnLoad: false, theme: 'neutral' });
      resolve(mermaid);
    });
    document.head.append(script);
  }));
}

/** Draws what is not drawn yet. */
async function drawDiagrams(): Promise<void> {
  for (const holder of document.querySelectorAll<HTMLElement>('.diagram:not([data-drawn])')) {
    holder.dataset['drawn'] = '';
    const source = holder.nextElementSibling?.querySelector('code')?.textContent ?? '';
    const { svg } = await (await loadMermaid()).render(`diagram-${crypto.randomUUID()}`, source);
    holder.innerHTML = svg;
  }
}

export default {
  extends: DefaultTheme,
  setup: (): void => onContentUpdated(() => void drawDiagrams()),
};

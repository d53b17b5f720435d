import { onContentUpdated } from 'vitepress';
import DefaultTheme from 'vitepress/theme';

/** Draws what is not drawn yet; mermaid is large, and loaded by the first page that has a diagram. */
async function drawDiagrams(): Promise<void> {
  const holders = [...document.querySelectorAll<HTMLElement>('.diagram:not([data-drawn])')];
  if (holders.length === 0) return;
  const { default: mermaid } = await import('mermaid');
  mermaid.initialize({ startOnLoad: false, theme: 'neutral' });
  for (const holder of holders) {
    if ('drawn' in holder.dataset) continue;
    holder.dataset['drawn'] = '';
    const source = holder.nextElementSibling?.querySelector('code')?.textContent ?? '';
    const { svg } = await mermaid.render(`diagram-${crypto.randomUUID()}`, source);
    holder.innerHTML = svg;
  }
}

export default {
  extends: DefaultTheme,
  setup: (): void => onContentUpdated(() => void drawDiagrams()),
};

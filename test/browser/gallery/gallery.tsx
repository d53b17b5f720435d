import { options, render } from 'preact';
import { StepsGraph } from '../../../src/inspector/graph/steps-graph.tsx';
import type { StepCoverage } from '../../../src/inspector/graph/step-graph.ts';
import type { StepsExample } from '../../inspector/graph/graph-examples.ts';

export type GalleryItem =
  | { readonly kind: 'steps'; readonly example: StepsExample; readonly selected?: string; readonly moved?: readonly string[]; readonly breakpoints?: readonly string[]; readonly coverage?: readonly (readonly [string, StepCoverage])[] };

declare global {
  interface Window {
    /** Draws one item, in place of the one before. */
    showItem(item: GalleryItem): void;
    /** What was selected or opened, in order. */
    told: string[];
  }
}

// Drawn when it is asked for: what is looked at next is there.
options.debounceRendering = draw => draw();
const root = document.querySelector('main') as HTMLElement;
window.told = [];

function show(item: GalleryItem): void {
  const { example, selected = null, moved = [], breakpoints = [], coverage } = item;
  render(
    <StepsGraph name={example.name} steps={example.steps} states={new Map(example.states)} selected={selected} moved={new Set(moved)} breakpoints={new Set(breakpoints)}
      coverage={coverage && new Map(coverage)} onOpen={id => window.told.push(`open ${id}`)}
      onSelect={id => { window.told.push(`select ${id}`); show({ ...item, ...(id === null ? {} : { selected: id }) }); }} />,
    root,
  );
}

window.showItem = item => {
  render(null, root);
  show(item);
};

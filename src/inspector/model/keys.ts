import { lookAt, moveBy, moveByCommit, newest } from './view-state.ts';

/** Something a key does; false: it does nothing here, and means what it means elsewhere. */
export type KeyAction = (event: KeyboardEvent) => boolean | void;

const actions = new Map<string, KeyAction>();

/** The name of a key with what is held beside it: `Shift+F10`. */
const toName = ({ key, shiftKey, ctrlKey, altKey, metaKey }: KeyboardEvent): string =>
  `${ctrlKey ? 'Ctrl+' : ''}${metaKey ? 'Meta+' : ''}${altKey ? 'Alt+' : ''}${shiftKey ? 'Shift+' : ''}${key}`;

/** Gives a key a meaning; returns how to take it away. */
export function bindKey(name: string, action: KeyAction): () => void {
  actions.set(name, action);
  return () => {
    if (actions.get(name) === action) actions.delete(name);
  };
}

/** Whether keys are for what has the focus: it takes text, or arrows mean something there. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  if (!target || /^F\d+$/.test(event.key)) return false;
  if (target.matches('input[type=range]')) return false;
  if (target.matches('input, textarea, select, [contenteditable]')) return true;
  return event.key.startsWith('Arrow') && target.closest('.graph-view, [role=radiogroup], [role=tablist]') !== null;
}

/** Listens to the keys of the page. */
export function listenToKeys(): void {
  bindKey('ArrowLeft', () => moveBy(-1));
  bindKey('ArrowRight', () => moveBy(1));
  bindKey('Shift+ArrowLeft', () => moveByCommit(-1));
  bindKey('Shift+ArrowRight', () => moveByCommit(1));
  bindKey('Home', () => lookAt(0));
  bindKey('End', () => lookAt(newest.value));
  bindKey('/', () => document.getElementById('filter')?.focus());
  addEventListener('keydown', event => {
    if (event.defaultPrevented || isTaken(event)) return;
    const action = actions.get(toName(event));
    if (action && action(event) !== false) event.preventDefault();
  });
}

import { Window } from 'happy-dom';

// As React looks for it: import this before `react-dom`. Nothing else of a browser is put in place.
export const window = new Window();
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });

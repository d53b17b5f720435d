// The page with one execution in it: no server, no request.
import { render } from 'preact';
import type { InspectedExecution } from './document/inspected-execution.ts';
import { ExecutionModel } from './model/execution-model.ts';
import { listenToKeys } from './model/keys.ts';
import { route } from './model/place.ts';
import { parseRoute } from './model/route.ts';
import { chosen, followView, model, selected } from './model/view-state.ts';
import { ExecutionPage } from './panels/execution-page.tsx';

const data = document.getElementById('execution')?.textContent ?? 'null';
const told = JSON.parse(data) as InspectedExecution;
const current = new ExecutionModel(told);
const first = parseRoute(location.hash);
if (first.page === 'execution') {
  chosen.value = first.seq;
  selected.value = first.step;
}
route.value = { page: 'execution', id: told.execution.executionId, seq: chosen.value, step: selected.value };
model.value = current;
listenToKeys();
followView();
render(<ExecutionPage />, document.body);
void current.replay();

// A front page on `flowstone/client`: it lists, runs and follows. No framework, so that nothing stands between the client and you.
import { connect } from 'flowstone/client';

const find = id => document.getElementById(id);
const make = (name, text, attributes = {}) => Object.assign(document.createElement(name), { textContent: text, ...attributes });

/** The token is kept for this tab only, and never in an address. */
const stored = sessionStorage.getItem('token');
if (stored) begin(stored);
else find('enter').hidden = false;
find('enter').addEventListener('submit', event => {
  event.preventDefault();
  sessionStorage.setItem('token', find('token').value);
  location.reload();
});

function begin(token) {
  const flowstone = connect(location.origin, { token });
  document.querySelector('main').hidden = false;
  /** What comes after a connection was lost, until it is caught up, was missed: it is shown as such. */
  let missedUntil = 0;

  const showConnection = ({ value, waitMs, code, connections }) => {
    const words = { open: connections > 1 ? `connected again (${connections - 1}×)` : 'connected', waiting: `connection lost, next try in ${((waitMs ?? 0) / 1000).toFixed(1)} s`, refused: `refused: ${code}` };
    find('connection').textContent = words[value] ?? value;
    find('connection').dataset.state = value;
    if (value === 'waiting') missedUntil = Number.POSITIVE_INFINITY;
    if (value === 'open' && missedUntil > 0) missedUntil = Date.now();
    if (value !== 'refused') return;
    sessionStorage.removeItem('token');
    find('enter').hidden = false;
  };
  flowstone.connection.subscribe(showConnection);
  showConnection(flowstone.connection.state);

  void followList(flowstone);
  find('run').addEventListener('submit', event => {
    event.preventDefault();
    flowstone.start(find('flow').value).then(({ executionId }) => choose(executionId), complain);
  });

  /** Keeps the list as it stands: read anew when something has happened to one of them. */
  async function followList() {
    for await (const { data, entries } of flowstone.follow('executions')) {
      if (data || entries.length > 0) showList((data ?? (await flowstone.list())).executions);
    }
  }

  function showList(executions) {
    find('executions').replaceChildren(...executions.map(({ executionId, flowId, status, score }) => {
      const item = make('li', '');
      const button = make('button', '', { onclick: () => choose(executionId) });
      button.dataset.id = executionId;
      button.append(make('span', `${flowId} ${executionId.slice(-6)}`), make('span', score === null ? status : `${status} ${score}`));
      if (executionId === chosen) button.setAttribute('aria-current', 'true');
      item.append(button);
      return item;
    }));
  }

  let chosen = '';
  let leave = new AbortController();
  find('stop').addEventListener('click', () => flowstone.cancel(chosen, 'stopped on the dashboard').catch(complain));

  /** Follows one execution from its beginning, until it has settled or another is chosen. */
  async function choose(executionId) {
    leave.abort();
    leave = new AbortController();
    const { signal } = leave;
    chosen = executionId;
    find('events').replaceChildren();
    find('one').textContent = `Execution ${executionId.slice(-6)}`;
    try {
      await showExecution(executionId);
      for await (const { entries } of flowstone.follow(`feed?topic=flow:${executionId}`, { after: 'start', signal })) {
        if (signal.aborted) return;
        for (const entry of entries) showEntry(entry);
        await showExecution(executionId);
      }
    } catch (error) {
      complain(error);
    }
  }

  async function showExecution(executionId) {
    const { flowId, status, score, settledAt, steps } = await flowstone.get(executionId);
    if (chosen !== executionId) return;
    find('summary').textContent = `${flowId}: ${status}${settledAt === null ? '' : `, score ${score}`}`;
    find('summary').dataset.status = status;
    find('stop').hidden = settledAt !== null;
    find('steps').replaceChildren(...steps.map(step => {
      const row = make('tr', '');
      row.append(make('th', step.stepId, { scope: 'row' }), make('td', step.status), make('td', step.attempts > 1 ? `${step.attempts} attempts` : ''));
      return row;
    }));
  }

  function showEntry({ seq, at, address, event, state }) {
    const place = address.split('/').at(-1).replace(/^flow:.*/, 'flow');
    const item = make('li', `${seq}. ${new Date(at).toLocaleTimeString()} ${place} ${event.type}${state === null ? '' : ` → ${state}`}`);
    item.dataset.seq = seq;
    if (at < missedUntil) item.className = 'missed';
    find('events').append(item);
    find('events').scrollTop = find('events').scrollHeight;
  }

  function complain(error) {
    find('problem').textContent = error.message;
  }
}

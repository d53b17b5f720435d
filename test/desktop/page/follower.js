// A page that follows everything from the beginning, and keeps what it was told, to be compared.
import { connectWindow } from 'flowstone/electron/window';

let opened = 0;
const client = connectWindow({
  open: (text, closed) => {
    opened++;
    return window.flowstone.open(text, closed);
  },
});
const told = [];
const log = document.getElementById('log');
const describe = ({ number, kind, id, generation, seq, address, event, state }) => `${number} ${kind} ${id} ${generation ?? ''} ${seq ?? ''} ${address} ${event.type} ${state ?? ''}`;

async function follow() {
  for await (const { entries, reset } of client.feed({ after: 'start' })) {
    if (reset) told.push('reset');
    for (const entry of entries) told.push(describe(entry));
    log.textContent = `${told.length} entries, ${opened} ports\n${told.slice(-20).join('\n')}`;
  }
}
follow().catch(error => told.push(`ended: ${error.message}`));

/** Everything once more, from the beginning until an execution has its score, over the connection as it is then; what there is after a minute. */
async function readAgain(executionId) {
  const all = [];
  for await (const { entries, reset } of client.feed({ after: 'start', signal: AbortSignal.timeout(60_000) })) {
    if (reset) all.push('reset');
    for (const entry of entries) {
      all.push(describe(entry));
      if (entry.id === executionId && entry.state === 'scored') return all;
    }
  }
  return [...all, `nothing more came within a minute; ${executionId} has no score`];
}

window.follower = { client, told, readAgain, get opened() { return opened; } };

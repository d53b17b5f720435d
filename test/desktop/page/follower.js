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
const describe = ({ topic, seq, generation, address, event, state }) => `${topic} ${generation ?? ''} ${seq ?? ''} ${address} ${event} ${state ?? ''}`;

async function follow() {
  for await (const { entries, reset } of client.feed({ after: 'start' })) {
    if (reset) told.push('reset');
    for (const entry of entries) told.push(describe(entry));
    log.textContent = `${told.length} entries, ${opened} ports\n${told.slice(-20).join('\n')}`;
  }
}
follow().catch(error => told.push(`ended: ${error.message}`));

/** Everything once more, from the beginning to a number of entries, over the connection as it is then. */
async function readAgain(count) {
  const all = [];
  if (count === 0) return all;
  for await (const { entries } of client.feed({ after: 'start' })) {
    for (const entry of entries) all.push(describe(entry));
    if (all.length >= count) return all;
  }
  return all;
}

window.follower = { client, told, readAgain, get opened() { return opened; } };

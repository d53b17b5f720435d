import type { Queues } from './create-queues.ts';
import type { GuestLine } from './guest-line.ts';
import type { Link, Published } from './queue-commands.ts';
import type { RoamingPort, Station } from './roaming-port.ts';

/** The queues of this process itself, under the name that its claims had while it was a guest. */
export function createLocalStation(queues: Queues, name: string, port: RoamingPort): { readonly station: Station; readonly link: Link } {
  const { participant } = queues;
  const link: Link = { name, deliver: (id, messages) => port.deliver(id, messages), lose: receipts => port.lose(receipts) };
  const station: Station = {
    request: (id, ask) => participant.tell({ type: 'claim', request: { id, link, ...ask } }),
    unrequest: id => participant.tell({ type: 'unclaim', link, id }),
    answer: async (receipt, outcome) => (await participant.send({ type: 'answer', by: name, receipt, outcome })) === true,
    publish: async requests => (await participant.send({ type: 'publish', requests })) as readonly Published[],
    register: async (queue, instance) => void (await participant.send({ type: 'register', queue, instance })),
    redrive: (queue, messageId) => queues.queues.redrive(queue, messageId),
    purge: (queue, status) => queues.queues.purge(queue, status),
    forget: (queue, instance) => queues.queues.forgetInstance(queue, instance),
    failed: () => {},
  };
  return { station, link };
}

/** The queues of the owner at the other end of a connection. */
export function createGuestStation(line: GuestLine): Station {
  const ignore = (): void => {};
  return {
    // What is lost with the connection is asked anew at the next owner.
    request: (id, { queue, instance, max, leaseMs }) => void line.send({ type: 'claim', id, queue, instance, max, leaseMs }).catch(ignore),
    unrequest: id => void line.send({ type: 'unclaim', id }).catch(ignore),
    answer: async (receipt, outcome) => (await line.send({ type: 'answer', receipt, outcome })) === true,
    publish: async requests => (await line.send({ type: 'publish', requests })) as readonly Published[],
    register: async (queue, instance) => void (await line.send({ type: 'register', queue, instance })),
    async redrive(queue, messageId) {
      let redriven = 0;
      for (;;) {
        const count = (await line.send({ type: 'redrive', queue, ...(messageId !== undefined && { messageId }), limit: 500 })) as number;
        redriven += count;
        if (messageId !== undefined || count < 500) return redriven;
      }
    },
    purge: async (queue, status) => (await line.send({ type: 'purge', queue, status })) as number,
    forget: async (queue, instance) => void (await line.send({ type: 'forget', queue, instance })),
    failed: () => line.close(),
  };
}

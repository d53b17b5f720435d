import type { Answer } from '../../../persistence/answer.ts';
import type { QueueReader } from '../../../persistence/queue-store.ts';
import type { Logger } from '../../core/logger.ts';
import type { ClaimedMessage } from './queue-commands.ts';
import type { Grant } from './queue-states.ts';
import { toClaimedMessage } from './queued-message.ts';

/** Gives a worker its messages, with their payloads: at once, when none of these has to be waited for. */
export function deliver({ request: { link, id }, messages: granted }: Grant, { store, logger }: { readonly store: QueueReader; readonly logger: Logger }): void {
  const messages: Answer<ClaimedMessage>[] = granted.map(one => {
    const payload = one.payload ?? store.getMessagePayload(one.key);
    // It is not kept: whoever gets the message next may have to wait long.
    one.payload = undefined;
    // As it was claimed: what happens to it until its payload has been read is another's.
    const message = toClaimedMessage(one, '');
    return payload instanceof Promise ? payload.then(text => ({ ...message, payload: text ?? 'null' })) : { ...message, payload: payload ?? 'null' };
  });
  const isRead = (message: Answer<ClaimedMessage>): message is ClaimedMessage => !(message instanceof Promise);
  if (messages.every(isRead)) return link.deliver(id, messages);
  Promise.all(messages).then(
    list => link.deliver(id, list),
    error => logger.error({ err: error }, 'payloads could not be read; their claims will run out'),
  );
}

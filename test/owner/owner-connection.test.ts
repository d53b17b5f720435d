import { describe, expect, it } from 'vitest';
import { createPair } from '../../src/owner/carrier.ts';
import type { CarrierEnd } from '../../src/owner/carrier.ts';
import { OwnerConnection } from '../../src/owner/owner-connection.ts';

const nothing = (): void => {};

/** An owner that says what it is told to, whatever it is asked. */
function createOwner(answer: (message: unknown, say: (message: object) => void, leave: () => void) => void): ReturnType<typeof createPair>[0] {
  const [client, owner] = createPair();
  const end: CarrierEnd = { take: message => answer(message, said => owner.send(said), () => owner.close()), refuse: nothing, drained: nothing, closed: nothing };
  owner.begin(end);
  return client;
}

const welcome = { type: 'welcome', version: 1, scopes: ['read'], methods: [], topics: [], maxLength: 1_000 };
const isHello = (message: unknown): boolean => (message as { readonly type: string }).type === 'hello';

describe('a connection to an owner', () => {
  it('says that the owner is silent when it ends before it has answered', async () => {
    await expect(OwnerConnection.open(createOwner((_, __, leave) => leave()))).rejects.toMatchObject({ code: 'owner_silent' });
  });

  it('says that the owner runs an older Flowstone when it answers as one of 0.3.0 does', async () => {
    const older = { id: null, error: { code: 'request_invalid', message: 'Expected a `signal`' } };
    await expect(OwnerConnection.open(createOwner((_, say) => say(older)))).rejects.toMatchObject({ code: 'version_unsupported' });
  });

  it('ends at a message that no owner sends, and tells all that wait', async () => {
    const connection = await OwnerConnection.open(createOwner((message, say) => say(isHello(message) ? welcome : { type: 'result', id: 1, value: 1, more: 2 })));
    const error: unknown = await connection.request('get', {}).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'owner_silent' });
    expect((error as Error).cause).toMatchObject({ code: 'field_unknown' });
    await expect(connection.request('get', {})).rejects.toMatchObject({ code: 'owner_silent' });
  });

  it('gives an owner up that says nothing for two pings', async () => {
    let beat = nothing;
    const pings: unknown[] = [];
    const owner = createOwner((message, say) => (isHello(message) ? say(welcome) : void pings.push(message)));
    const connection = await OwnerConnection.open(owner, { beat: callback => {
      beat = callback;
      return nothing;
    } });
    const answer = connection.request('get', {});
    beat();
    beat();
    expect(connection.failure).toBeUndefined();
    beat();
    await expect(answer).rejects.toMatchObject({ code: 'owner_silent', message: expect.stringContaining('nothing came for too long') as string });
    expect(pings).toContainEqual({ type: 'ping' });
  });
});

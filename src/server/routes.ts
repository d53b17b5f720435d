import { FlowError } from '../core/errors.ts';
import type { Scope } from '../owner/protocol.ts';
import type { ServerContext } from './part.ts';

const json = (value: object, status = 200): Response => new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });

/** Answers what is asked at the routes. */
export function createRoutes({ reader, client, clock }: ServerContext): (request: Request, scopes: readonly Scope[]) => Promise<Response> {
  return async (request, scopes) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/api/v1/health') {
      const owner = await reader.getOwner();
      return json(scopes.includes('read') ? { status: 'running', owner: owner ?? null, canChange: client !== undefined, timestamp: clock.now() } : { status: 'running' });
    }
    throw new FlowError('route_unknown', `Expected a path of the API, got \`${pathname.slice(0, 100)}\``);
  };
}

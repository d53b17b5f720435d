import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRoute, type Route, toFragment } from '../../src/inspector/model/route.ts';

const id = fc.string({ minLength: 1 }).filter(text => text.isWellFormed());
const anyRoute: fc.Arbitrary<Route> = fc.oneof(
  fc.constant<Route>({ page: 'list' }),
  fc.record({ page: fc.constant('execution' as const), id: id.filter(text => !/@\d+$/.test(text)), seq: fc.option(fc.nat(), { nil: undefined }), step: fc.string().filter(text => text.isWellFormed()) }),
  fc.record({ page: fc.constant('compare' as const), a: id, b: fc.option(id, { nil: undefined }) }),
  fc.tuple(fc.nat(), id).map(([app, session]): Route => ({ page: 'apps', id: `${app}/${session}` })),
  fc.record({ page: fc.constantFrom('flow' as const, 'actors' as const, 'queues' as const), id: fc.option(id, { nil: undefined }) }),
);

describe('the address of the page', () => {
  it('says where it is, and is read back as it was written', () => {
    fc.assert(fc.property(anyRoute, route => {
      expect(parseRoute(toFragment(route))).toEqual(route);
    }));
  });

  it.each(['', '#', '#/', '#/nowhere', '#/x', '#/compare', '#/%E0%A4%A'])('of which %s says nothing is the list', fragment => {
    expect(parseRoute(fragment)).toEqual({ page: 'list' });
  });

  it('is written so that people can read it', () => {
    expect(toFragment({ page: 'execution', id: '0198f', seq: 40, step: 'scan' })).toBe('#/x/0198f@40?step=scan');
  });
});

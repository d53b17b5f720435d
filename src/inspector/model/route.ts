/** A place in the page, as the fragment of its address says it. */
export type Route =
  | { readonly page: 'list' }
  | { readonly page: 'execution'; readonly id: string; readonly seq: number | undefined; readonly step: string }
  /** Of two executions; the second may be chosen yet. */
  | { readonly page: 'compare'; readonly a: string; readonly b: string | undefined }
  | { readonly page: 'flow'; readonly id: string | undefined }
  | { readonly page: 'actors'; readonly id: string | undefined }
  | { readonly page: 'queues'; readonly id: string | undefined }
  /** `2/x:0`: of which application, and which actor. */
  | { readonly page: 'apps'; readonly id: string | undefined };

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Reads a fragment; what is not known is the list. */
export function parseRoute(fragment: string): Route {
  const [path = '', query = ''] = fragment.replace(/^#\/?/, '').split('?');
  const [page, first, second] = path.split('/').map(decode);
  const parameters = new URLSearchParams(query);
  if (page === 'x' && first) {
    const [, id = first, seq] = /^(.*)@(\d+)$/.exec(first) ?? [];
    return { page: 'execution', id, seq: seq === undefined ? undefined : Number(seq), step: parameters.get('step') ?? '' };
  }
  if (page === 'compare' && first) return { page: 'compare', a: first, b: second || undefined };
  if (page === 'apps') return { page, id: first && second ? `${first}/${second}` : undefined };
  if (page === 'flow' || page === 'actors' || page === 'queues') return { page, id: first || undefined };
  return { page: 'list' };
}

/** The inverse. */
export function toFragment(route: Route): string {
  const encode = encodeURIComponent;
  switch (route.page) {
    case 'execution': {
      const seq = route.seq === undefined ? '' : `@${route.seq}`;
      return `#/x/${encode(route.id)}${seq}${route.step === '' ? '' : `?step=${encode(route.step)}`}`;
    }
    case 'compare':
      return `#/compare/${encode(route.a)}${route.b === undefined ? '' : `/${encode(route.b)}`}`;
    case 'apps': {
      const [app = '', ...session] = route.id?.split('/') ?? [];
      return route.id === undefined ? '#/apps' : `#/apps/${encode(app)}/${encode(session.join('/'))}`;
    }
    case 'list':
      return '#/';
    default:
      return `#/${route.page}${route.id === undefined ? '' : `/${encode(route.id)}`}`;
  }
}

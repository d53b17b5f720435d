/** Codes with which an owner closes a WebSocket, behind a `goodbye`. */
export const closeCodes = {
  1000: { name: 'closed', about: 'The client has said goodbye.' },
  1001: { name: 'stopping', about: 'The server stops, begins anew, or its owner has. Come again after `retryAfterMs`.' },
  1009: { name: 'too_large', about: 'A message was longer than `maxLength`.' },
  1013: { name: 'busy', about: 'Too many connections. Come again after `retryAfterMs`.' },
  4401: { name: 'unauthorised', about: 'No `hello` within 5 seconds, or one without a token that is known.' },
  4406: { name: 'version', about: 'Client and server speak no version of the protocol in common.' },
  4408: { name: 'too_slow', about: 'Two pings were not answered, or more than 1 MiB was not taken for 30 seconds. Go on from the cursor.' },
  4429: { name: 'too_fast', about: 'More messages than the limit. Come again after `retryAfterMs`.' },
} as const satisfies { readonly [code: number]: { readonly name: string; readonly about: string } };

export type CloseCode = keyof typeof closeCodes;

const byGoodbye: { readonly [code: string]: CloseCode } = {
  client_closed: 1000,
  request_too_large: 1009,
  owner_busy: 1013,
  hello_expected: 4401,
  token_missing: 4401,
  token_refused: 4401,
  version_unsupported: 4406,
  client_silent: 4408,
  client_slow: 4408,
  client_too_fast: 4429,
};

/** The close code that goes with the code of a `goodbye`. */
export const toCloseCode = (code: string): CloseCode => (Object.hasOwn(byGoodbye, code) ? byGoodbye[code] as CloseCode : 1001);

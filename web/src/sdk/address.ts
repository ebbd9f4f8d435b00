/** Where a server is reached: an http or https URL, and the WebSocket behind it. */

import { SdkError } from './errors.ts';

export const SOCKET_PATH = '/v1/socket';

const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['http:', 'ws:'],
  ['https:', 'wss:'],
  ['ws:', 'ws:'],
  ['wss:', 'wss:'],
]);

/** What may stand there at all: a parser of URLs mends too much. */
const ADDRESS = /^[a-z]+:\/\/[^\s\\/?#@]+(?:\/[^\s\\?#@]*)?$/i;

/** `https://example.org` becomes `wss://example.org/v1/socket`. Throws SdkError (`bad_url`). */
export function socketUrl(serverUrl: string): string {
  const isUrl = ADDRESS.test(serverUrl) && URL.canParse(serverUrl);
  const url = isUrl ? new URL(serverUrl) : undefined;
  const scheme = SCHEMES.get(url?.protocol ?? '');
  if (url === undefined || scheme === undefined || url.port === '0') {
    throw new SdkError(
      `${JSON.stringify(serverUrl.slice(0, 128))} is not a server's address: expected something ` +
        'like https://example.org or http://127.0.0.1:8080.',
      { code: 'bad_url' },
    );
  }
  return `${scheme}//${url.host}${url.pathname.replace(/\/+$/, '')}${SOCKET_PATH}`;
}

/** Server URLs become WebSocket URLs, or a sentence. */

import { expect, test } from 'vitest';

import { socketUrl } from '../../src/sdk/address.ts';
import { SdkError } from '../../src/sdk/errors.ts';

test.each([
  ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080/v1/socket'],
  ['http://127.0.0.1:8080/', 'ws://127.0.0.1:8080/v1/socket'],
  ['https://example.org', 'wss://example.org/v1/socket'],
  ['HTTPS://Example.org', 'wss://example.org/v1/socket'],
  ['https://example.org/chat/', 'wss://example.org/chat/v1/socket'],
  ['ws://localhost', 'ws://localhost/v1/socket'],
  ['wss://example.org:444', 'wss://example.org:444/v1/socket'],
  ['https://example.org:443', 'wss://example.org/v1/socket'],
  ['http://[::1]:7480', 'ws://[::1]:7480/v1/socket'],
])('%s', (given, expected) => {
  expect(socketUrl(given)).toBe(expected);
});

test.each([
  '',
  'example.org',
  'ftp://example.org',
  'javascript://example.org',
  'http://',
  'http:example.org',
  'http:///example.org',
  'http://:80',
  'http://example.org:99999',
  'http://example.org:0',
  'http://user@example.org',
  'http://user:word@example.org',
  'http://example.org/?x=1',
  'http://example.org/#x',
  'http://example.org\\@evil.example',
  'http://exa\nmple.org',
  ' http://example.org',
  'http://[::1',
])('%o is a sentence', (wrong) => {
  expect(() => socketUrl(wrong)).toThrow(SdkError);
  expect(() => socketUrl(wrong)).toThrow("is not a server's address");
  expect(() => socketUrl(wrong)).toThrow(expect.objectContaining({ code: 'bad_url' }));
});

test('a sentence does not repeat a novel', () => {
  expect(() => socketUrl('x'.repeat(10_000))).toThrow(
    expect.objectContaining({ message: expect.stringMatching(/^.{1,300}$/) as unknown }),
  );
});

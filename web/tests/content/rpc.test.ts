/** Calls, answers and notices as messages; what is none. */

import { expect, test } from 'vitest';

import { utf8 } from '../../src/base/bytes.ts';
import { decode, MimiContent, SinglePart } from '../../src/content/mimi.ts';
import { purposeOf } from '../../src/content/purpose.ts';
import {
  callMessage,
  decodeRpc,
  MAX_RPC_BYTES,
  type Notice,
  PIECE_CHARACTERS,
  pieceOf,
  RPC_TYPE,
  RpcRefused,
  rpcOf,
} from '../../src/content/rpc.ts';
import { textMessage } from '../../src/content/text.ts';

const salt = Uint8Array.from({ length: 16 }, (_, at) => at);
const id = '0123456789abcdef';
const written = (value: unknown): Uint8Array => utf8(JSON.stringify(value));
const notice = (params: unknown): Notice => ({ kind: 'notice', method: 'piece', params });

test('a call comes back as it was said', () => {
  const call = { id, method: 'bookings.plan', params: { from: '2026-12-24', days: 1 } };
  const content = decode(callMessage(call, { salt }).encode());
  expect(rpcOf(content)).toEqual({ kind: 'call', ...call });
  expect(purposeOf(content)).toBe('rpc');
});

test('other messages are none', () => {
  expect(rpcOf(textMessage('{"jsonrpc":"2.0","method":"x"}', { salt }))).toBeUndefined();
});

test('answers and notices are read', () => {
  expect(decodeRpc(written({ jsonrpc: '2.0', id, result: null }))).toEqual({
    ...{ kind: 'answer', id, result: null },
  });
  const error = { code: -32000, message: 'Taken.', data: { code: 'full' } };
  expect(decodeRpc(written({ jsonrpc: '2.0', id, error }))).toEqual({
    ...{ kind: 'answer', id, error: { code: 'full', sentence: 'Taken.' } },
  });
  expect(decodeRpc(written({ jsonrpc: '2.0', method: 'changed', params: {} }))).toEqual({
    ...{ kind: 'notice', method: 'changed', params: {} },
  });
  const bare = { code: -32000, message: 'Taken.' };
  expect(decodeRpc(written({ jsonrpc: '2.0', id, error: bare }))).toMatchObject({
    error: { code: 'refused' },
  });
});

test.each([
  new Uint8Array(0),
  new Uint8Array([0xff]),
  utf8('[]'),
  utf8('null'),
  utf8('{'),
  utf8('['.repeat(40_000)),
  written({ jsonrpc: '2.0' }),
  written({ jsonrpc: '1.0', id, method: 'agent.status' }),
  written({ jsonrpc: '2.0', id: 7, method: 'agent.status' }),
  written({ jsonrpc: '2.0', id: 'short', method: 'agent.status' }),
  written({ jsonrpc: '2.0', id, method: 'Agent Status' }),
  written({ jsonrpc: '2.0', id, method: 'agent.status', extra: 1 }),
  written({ jsonrpc: '2.0', id }),
  written({ jsonrpc: '2.0', id, result: 1, error: { code: 1, message: 'x' } }),
  written({ jsonrpc: '2.0', id, error: { code: 'x', message: 'x' } }),
  written({ jsonrpc: '2.0', id, error: null }),
  written({ jsonrpc: '2.0', method: 'changed', params: 'x'.repeat(MAX_RPC_BYTES) }),
])('what is no rpc is refused', (raw) => {
  const part = new SinglePart({ contentType: RPC_TYPE, content: raw });
  expect(() => rpcOf(new MimiContent({ salt, part }))).toThrow(RpcRefused);
});

test('a call that is too long is not said', () => {
  const params = 'x'.repeat(MAX_RPC_BYTES);
  expect(() => callMessage({ id, method: 'agent.status', params }, { salt })).toThrow(RpcRefused);
});

test('pieces are read, and hostile ones refused', () => {
  const piece = { id, number: 0, of: 2, text: '{' };
  expect(pieceOf(notice(piece))).toEqual(piece);
  expect(pieceOf({ kind: 'notice', method: 'changed', params: piece })).toBeUndefined();
  for (const changed of [
    { id: 'x' },
    { number: 2 },
    { number: -1 },
    { number: 0.5 },
    { of: 1 },
    { of: 1000 },
    { text: 7 },
    { text: 'x'.repeat(PIECE_CHARACTERS + 1) },
  ]) {
    expect(() => pieceOf(notice({ ...piece, ...changed }))).toThrow(RpcRefused);
  }
  expect(() => pieceOf(notice(null))).toThrow(RpcRefused);
});

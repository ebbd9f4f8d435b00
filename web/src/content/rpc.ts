/**
 * What devices of one business ask its agent, and what it answers: JSON-RPC 2.0 as a message.
 *
 * A part of our own, `application/vnd.plausch.rpc+json`, which is the whole message: one JSON
 * object, a call, an answer, or a notice that nobody answers. It is machinery: no client shows it,
 * keeps it in a history or counts it. Who may be obeyed is decided above (spec/agent.md).
 *
 * An answer that is longer than one message may be travels as notices `piece`, whose texts make up
 * the answer's JSON.
 */

import { textFrom, utf8 } from '../base/bytes.ts';
import { ContentError } from './errors.ts';
import { Cardinality, Disposition, MimiContent, SinglePart } from './mimi.ts';

export const RPC_TYPE = 'application/vnd.plausch.rpc+json';
export const MAX_RPC_BYTES = 48 * 1024;
export const PIECE_CHARACTERS = 16 * 1024;
export const MAX_PIECES = 128;

const ID = /^[A-Za-z0-9_-]{8,64}$/;
const METHOD = /^[a-z]+(\.[A-Za-z]+)?$/;

/** The bytes are no object of JSON-RPC 2.0 as it is spoken here. */
export class RpcRefused extends ContentError {
  static override readonly code: string = 'bad_rpc';
}

/** A device asks for an operation; the same id is the same call, however often it comes. */
export interface Call {
  readonly kind: 'call';
  readonly id: string;
  readonly method: string;
  readonly params: unknown;
}

/** Why nothing was done: `code` is a word, the message one sentence. */
export interface Fault {
  readonly code: string;
  readonly sentence: string;
}

/** The agent's answer to the call of this id: a result, or what was wrong. */
export type RpcAnswer =
  | { readonly kind: 'answer'; readonly id: string; readonly result: unknown }
  | { readonly kind: 'answer'; readonly id: string; readonly error: Fault };

/** Something is told; nobody answers. */
export interface Notice {
  readonly kind: 'notice';
  readonly method: string;
  readonly params: unknown;
}

/** A stretch of the JSON of the answer to `id`: `number` of `of`, counted from 0. */
export interface Piece {
  readonly id: string;
  readonly number: number;
  readonly of: number;
  readonly text: string;
}

export type Rpc = Call | RpcAnswer | Notice;

/** Ask. Throws RpcRefused when it is too long for a message. */
export function callMessage(
  { id, method, params }: Omit<Call, 'kind'>,
  { salt }: { readonly salt: Uint8Array },
): MimiContent {
  const content = utf8(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  decodeRpc(content);
  const disposition = Disposition.UNSPECIFIED;
  const part = new SinglePart({ contentType: RPC_TYPE, content, disposition });
  return new MimiContent({ salt, part });
}

/** What is said, undefined when the message is none. Throws RpcRefused. */
export function rpcOf({ part }: MimiContent): Rpc | undefined {
  return part.cardinality === Cardinality.SINGLE && part.contentType === RPC_TYPE
    ? decodeRpc(part.content)
    : undefined;
}

/** The object of these bytes. Throws RpcRefused. */
export function decodeRpc(raw: Uint8Array): Rpc {
  if (raw.length > MAX_RPC_BYTES) {
    throw new RpcRefused(`A call or answer has at most ${MAX_RPC_BYTES} bytes in one message.`);
  }
  let text: string;
  try {
    text = textFrom(raw);
  } catch (error) {
    throw new RpcRefused('A call or answer is UTF-8 text.', { cause: error });
  }
  return rpcFrom(text);
}

/** The object of this JSON. Throws RpcRefused. */
export function rpcFrom(text: string): Rpc {
  const fields = record(parsed(text));
  if (fields?.['jsonrpc'] !== '2.0') {
    throw refused();
  }
  const { id, method, params = {}, result } = fields;
  if (method !== undefined && !matches(METHOD, method)) {
    throw refused();
  }
  if (id === undefined) {
    return allowed(fields, ['jsonrpc', 'method', 'params'], () => ({
      ...{ kind: 'notice', method: method ?? '', params },
    }));
  }
  if (!matches(ID, id)) {
    throw refused();
  }
  if (method !== undefined) {
    const call: Call = { kind: 'call', id, method, params };
    return allowed(fields, ['jsonrpc', 'id', 'method', 'params'], () => call);
  }
  if ('result' in fields === 'error' in fields) {
    throw refused();
  }
  const answer = 'error' in fields ? { error: faultOf(fields['error']) } : { result };
  const names = ['jsonrpc', 'id', 'result', 'error'];
  return allowed(fields, names, () => ({ kind: 'answer', id, ...answer }));
}

/** The stretch of an answer that a notice carries, if it does. Throws RpcRefused. */
export function pieceOf(notice: Notice): Piece | undefined {
  if (notice.method !== 'piece') {
    return undefined;
  }
  const { id, number, of, text } = record(notice.params) ?? {};
  const fits =
    matches(ID, id) &&
    typeof text === 'string' &&
    text.length <= PIECE_CHARACTERS &&
    isCount(of, 2, MAX_PIECES) &&
    isCount(number, 0, of - 1);
  if (!fits) {
    throw new RpcRefused('This is no piece of an answer.');
  }
  return { id, number, of, text };
}

function faultOf(value: unknown): Fault {
  const { code, message, data } = record(value) ?? {};
  const word = record(data)?.['code'];
  if (typeof code !== 'number' || typeof message !== 'string') {
    throw refused();
  }
  return { code: typeof word === 'string' ? word : 'refused', sentence: message.slice(0, 2000) };
}

function allowed<T extends Rpc>(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
  make: () => T,
): T {
  const needs = names.includes('method') && fields['method'] === undefined;
  if (needs || Object.keys(fields).some((name) => !names.includes(name))) {
    throw refused();
  }
  return make();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RpcRefused('A call or answer is JSON.', { cause: error });
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function matches(pattern: RegExp, value: unknown): value is string {
  return typeof value === 'string' && value.length <= 64 && pattern.test(value);
}

function isCount(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

function refused(): RpcRefused {
  return new RpcRefused('This is no JSON-RPC as it is spoken here.');
}

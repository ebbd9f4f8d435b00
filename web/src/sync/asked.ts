/** Requests as they come in: looked at field by field before anything is done with them. */

import { LocalError } from '../base/errors.ts';
import type { Operation } from './protocol.ts';

type Shape = (value: unknown) => boolean;
type Fields = Readonly<Record<string, Shape>>;

const bytes: Shape = (value) => value instanceof Uint8Array;
const text: Shape = (value) => typeof value === 'string';
const flag: Shape = (value) => typeof value === 'boolean';
const count: Shape = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

const list =
  (item: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(item);

const optional =
  (item: Shape): Shape =>
  (value) =>
    value === undefined || item(value);

const word =
  (...words: readonly string[]): Shape =>
  (value) =>
    words.some((one) => one === value);

const record =
  (fields: Fields): Shape =>
  (value) =>
    wrongField(fields, value) === undefined;

const anyOf =
  (...shapes: readonly Shape[]): Shape =>
  (value) =>
    shapes.some((shape) => shape(value));

const device = record({ credentialType: count, credential: bytes, signatureKey: bytes });
const policy = record({ kind: word('pinned'), devices: list(device) });
const change = anyOf(
  record({ kind: word('add'), keyPackage: bytes }),
  record({ kind: word('remove'), leafIndex: count }),
  record({ kind: word('update') }),
);

const ENTRY: Fields = { group: bytes, id: bytes };

const REQUESTS: Readonly<Record<Operation, Fields>> = {
  open: { vault: text, wait: flag, policy },
  judgeBy: { policy },
  makeIdentity: { suite: count, credentialType: count, credential: bytes },
  makeKeyPackages: {
    count,
    lifetimeS: count,
    lastResort: optional(flag),
    suite: optional(count),
  },
  keyPackages: {},
  dropKeyPackages: { refs: list(bytes) },
  createGroup: { group: bytes, suite: optional(count) },
  join: { welcome: bytes },
  process: { group: bytes, envelopes: list(bytes) },
  encrypt: { ...ENTRY, plaintext: bytes, authenticated: optional(bytes) },
  propose: { ...ENTRY, change },
  commit: { ...ENTRY, adds: optional(list(bytes)), removes: optional(list(count)) },
  acceptCommit: ENTRY,
  dropCommit: ENTRY,
  outbox: { group: optional(bytes) },
  forget: { group: bytes, ids: list(bytes) },
  groups: {},
  members: { group: bytes },
  received: { after: count, limit: count, group: optional(bytes) },
  exportSecret: { group: bytes, label: text, context: bytes, length: count },
  close: {},
};

/** Throws LocalError for an unknown operation, or a field that is missing or no such thing. */
export function checkAsked(operation: string, asked: unknown): void {
  if (!Object.hasOwn(REQUESTS, operation)) {
    throw new LocalError('The worker knows no such operation: reload the page.');
  }
  const wrong = wrongField(REQUESTS[operation as Operation], asked);
  if (wrong !== undefined) {
    throw new LocalError(`A request to ${operation} has no right ${wrong}: look at protocol.ts.`);
  }
}

/** The first field that is not what it should be. */
function wrongField(fields: Fields, value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) {
    return 'fields';
  }
  const given = value as Readonly<Record<string, unknown>>;
  return Object.keys(fields).find((name) => fields[name]?.(given[name]) !== true);
}

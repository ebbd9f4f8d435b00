/**
 * Message status: delivered, read and so on (draft-mahy-mimi-message-status).
 *
 * One report names many messages of one conversation; a later report overrides an earlier one.
 */

import { MESSAGE_ID_BYTES, MessageId } from '../base/ids.ts';
import * as cbor from './cbor.ts';
import { ContentError } from './errors.ts';
import { Cardinality, Disposition, MimiContent, SinglePart } from './mimi.ts';

export const STATUS_TYPE = 'application/mimi-message-status';
export const MAX_STATUSES = 1000;

/** What became of a message at the sender of the report; others up to 255 are kept. */
export const Status = {
  UNREAD: 0,
  DELIVERED: 1,
  READ: 2,
  EXPIRED: 3,
  DELETED: 4,
  HIDDEN: 5,
  ERROR: 6,
} as const;

/** A message, and what became of it: one of `Status`, or another number up to 255. */
export type Reported = readonly [message: MessageId, status: number];

/** A report of 1 to 1,000 messages. Throws ContentError on more or none. */
export function statusMessage(
  statuses: Iterable<Reported>,
  fields: { readonly salt: Uint8Array },
): MimiContent {
  const listed = [...statuses];
  checkCount(listed.length);
  const content = cbor.encode(listed.map(([id, status]) => [id.bytes, checkedStatus(status)]));
  const part = new SinglePart({
    contentType: STATUS_TYPE,
    content,
    disposition: Disposition.UNSPECIFIED,
  });
  return new MimiContent({ salt: fields.salt, part });
}

/**
 * What a report says, null when the message is none.
 *
 * Throws ContentError when it is a report that is malformed.
 */
export function statusesOf(content: MimiContent): readonly Reported[] | null {
  const part = content.part;
  if (part.cardinality !== Cardinality.SINGLE || part.contentType !== STATUS_TYPE) {
    return null;
  }
  const listed = cbor.expectArray(cbor.decode(part.content, 2), 'A status report');
  checkCount(listed.length);
  return listed.map(reported);
}

function reported(entry: cbor.Value): Reported {
  const [first, second, ...more] = cbor.expectArray(entry, 'A status');
  if (first === undefined || second === undefined || more.length > 0) {
    throw new ContentError('A status is [message id, status].');
  }
  const raw = cbor.expect(first, 'bytes', 'The message id of a status');
  const status = cbor.expect(second, 'integer', 'A status');
  if (raw.length !== MESSAGE_ID_BYTES) {
    throw new ContentError(`A message id has ${MESSAGE_ID_BYTES} bytes, not ${raw.length}.`);
  }
  return [MessageId.of(raw), checkedStatus(status)];
}

function checkCount(count: number): void {
  if (count < 1 || count > MAX_STATUSES) {
    throw new ContentError(`A status report names 1 to ${MAX_STATUSES} messages, not ${count}.`);
  }
}

function checkedStatus(status: cbor.Integer): number {
  if (!cbor.isInteger(status) || status < 0 || status > 255) {
    throw new ContentError(`A status is from 0 to 255, not ${status}.`);
  }
  return Number(status);
}

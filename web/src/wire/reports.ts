/** Frames about reports: messages that somebody discloses to the operator (spec/franking.md). */

import { MOST_REPORTED, NOTE_CHARACTERS } from '../base/reports.ts';
import {
  bytes,
  CONVERSATION_BYTES,
  COUNT,
  DIGEST_BYTES,
  IDEMPOTENCY_BYTES,
  list,
  record,
  REQUEST_ID,
  text,
  URI,
  WORD,
} from './frame.ts';

/** Most of a content. */
export const DISCLOSED_BYTES = 60 * 1024;

/**
 * A message as it was decrypted, and with what the server finds out whether it is genuine.
 *
 * `sender` and `acceptedAtMs` as in its envelope, with `stamp`; `key` is the content's salt.
 */
export const REPORTED_MESSAGE = record('ReportedMessage', {
  conversation: CONVERSATION_BYTES,
  sender: URI,
  acceptedAtMs: COUNT,
  stamp: DIGEST_BYTES,
  key: bytes(16, 16),
  content: bytes(0, DISCLOSED_BYTES),
});

export const REPORT_CLIENT_FRAMES = {
  /**
   * Disclose messages of the account `name` to the operator. Answer: `Done`.
   *
   * `reason` is "spam", "abuse", "illegal" or "other". `idempotencyId`: a retry is the same report.
   */
  Report: {
    tag: 100,
    fields: {
      id: REQUEST_ID,
      name: WORD,
      reason: WORD,
      note: text(NOTE_CHARACTERS),
      messages: list(REPORTED_MESSAGE, MOST_REPORTED),
      idempotencyId: IDEMPOTENCY_BYTES,
    },
  },
} as const;

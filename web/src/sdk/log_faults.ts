/** What a server does to a log, and devices notice: one sentence each. */

import { RemoteError } from '../base/errors.ts';

/** The log ends before what this device has read of it. */
export function shortened(after: number, head: number): RemoteError {
  return new RemoteError(
    `The server has ${head} envelopes of a log of which this device has read ${after}: it is read ` +
      'again from its beginning.',
    { code: 'log_shortened' },
  );
}

/** Envelopes came that are not within the log. */
export function beyond(head: number): RemoteError {
  return new RemoteError(
    `The server delivered envelopes beyond the end of a log, which it says is at ${head}: they ` +
      'were ignored.',
    { code: 'beyond_log' },
  );
}

/** Between what was read and what came next something is missing. */
export function gap(cursor: number, seq: number): RemoteError {
  return new RemoteError(
    `The server left out envelopes ${cursor + 1} to ${seq - 1} of a log: ` +
      'messages may be missing.',
    { code: 'log_gap' },
  );
}

/** A member's mark is of another branch of the group. */
export function torn(): RemoteError {
  return new RemoteError(
    'A participant sees another state of this conversation than this device: the server shows ' +
      'different ones to different people.',
    { code: 'fork_suspected' },
  );
}

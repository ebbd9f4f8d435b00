/** What a server says while it takes nothing new (spec/wire.md, Maintenance). */

/** The code of its refusals while its operator works on it. */
export const MAINTENANCE = 'maintenance';

/** And while its database does not take what is written (`storage_unavailable` on the wire). */
export const UNAVAILABLE = 'server_unavailable';

/** Every such sentence begins with this; what follows is the operator's. */
const MAINTAINED = 'This server takes nothing new at the moment.';

/** What the operator says beside it: until when, and in words of the operator's own. */
export interface Maintenance {
  /** `2027-01-15T08:00Z`, or what looks like it. */
  readonly until?: string;
  readonly words: string;
}

/** Whether there is a connection, as a page is told. */
export interface ConnectionView {
  readonly isOnline: boolean;
  /** Why there is none; "" while there is one, or either of these two while nothing new is taken. */
  readonly code: string;
  /** Of the server, with `maintenance`. */
  readonly sentence?: string;
}

/** That it is another one now. */
export interface ConnectionTold extends ConnectionView {
  readonly what: 'connection';
}

/** What is in a sentence of the server's; nothing, when it is not of this form. */
export function maintenanceOf(sentence: string): Maintenance {
  if (!sentence.startsWith(MAINTAINED)) {
    return { words: '' };
  }
  const rest = sentence.slice(MAINTAINED.length).trim();
  const [whole, until = ''] = /^\(until (\d{4}-\d\d-\d\dT\d\d:\d\dZ)\)/.exec(rest) ?? [];
  if (whole === undefined) {
    return { words: rest };
  }
  return { until, words: rest.slice(whole.length).trim() };
}

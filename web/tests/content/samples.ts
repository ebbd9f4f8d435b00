/** Values that many tests of this room need. */

import { toHex } from '../../src/base/bytes.ts';
import { AccountAddress, MessageId } from '../../src/base/ids.ts';
import { ContentError } from '../../src/content/errors.ts';

/** Not random: the cases are the same at every run. */
export const SALT = Uint8Array.from({ length: 16 }, (_, at) => at);
export const FIRST = MessageId.of(new Uint8Array(32).fill(1));
export const SECOND = MessageId.of(Uint8Array.of(1, ...new Uint8Array(31).fill(2)));
export const ANNA = new AccountAddress('anna', 'example.org');
export const BEN = new AccountAddress('ben', 'example.org');

/** The code of the ContentError that `read` throws, `none` when it throws none. */
export function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ContentError && /^\S.*\.$/s.test(error.message)) {
      return error.code;
    }
    throw error;
  }
  return 'none';
}

/** The bytes' digits, for comparisons that are read when they fail. */
export function hexOf(content: { encode(): Uint8Array }): string {
  return toHex(content.encode());
}

/** A refusal, as the real device would give it. */

import { Refused } from '../../src/models/messenger.ts';

export function refusal(code: string): Refused {
  return new Refused({ code, fault: 'remote', sentence: `The fake refused: ${code}.` });
}

/** Errors as they travel to the page. */

import { PlauschError } from '../base/errors.ts';
import type { Failure } from './protocol.ts';

/** What is no PlauschError is a defect of this program: only where it happened is said. */
export function failureOf(error: unknown): Failure {
  if (error instanceof PlauschError) {
    const { code, fault, message: sentence } = error;
    const retryAfterMs = 'retryAfterMs' in error ? error.retryAfterMs : undefined;
    return typeof retryAfterMs === 'number' && retryAfterMs > 0
      ? { code, fault, sentence, retryAfterMs }
      : { code, fault, sentence };
  }
  return {
    code: 'internal',
    fault: 'local',
    sentence: `The program made a mistake (${placeOf(error)}): reload the page, and tell us.`,
  };
}

/** The kind of a defect and its place in the program; never its words, which may be private. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'unknown';
  }
  const { message, name, stack = '' } = error;
  const frames = stack.replace(message, () => '').split('\n'); // some browsers begin with the words
  const places = frames.map((line) => /[/(]([\w.-]+:\d+:\d+)\)?$/.exec(line)?.[1] ?? '');
  const kind = /^\w+$/.test(name) ? name : 'Error';
  return `${kind} at ${places.filter(Boolean).slice(0, 4).join(' < ')}`;
}

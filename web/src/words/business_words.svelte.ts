/** The business's words of the language that is spoken now; a chunk of its own for those who need it. */

import { deBusiness } from './de_business.ts';
import { type BusinessWords, enBusiness } from './en_business.ts';
import type { Language } from './plural.ts';
import { language, sentenceOf } from './words.svelte.ts';

const SPOKEN: Readonly<Record<Language, BusinessWords>> = { de: deBusiness, en: enBusiness };

/** Those of the spoken language, or of another one for what is written in it. */
export function businessWords(other: Language = language()): BusinessWords {
  return SPOKEN[other];
}

type Booking = BusinessWords['booking'];
interface Seated {
  readonly seated: string;
}

/** The states of bookings, and the steps to them, where this is what they are on. */
export function stateWords({ seated }: Seated): Booking['states'] & Seated {
  return { ...businessWords().booking.states, seated };
}

export function stepWords({ seated }: Seated): Booking['steps'] & Seated {
  return { ...businessWords().booking.steps, seated };
}

/** Why the agent refused; for codes that are not the agent's, what the app says anyway. */
export function agentSentence(code: string, sentence: string): string {
  const { failure } = businessWords();
  return Object.hasOwn(failure, code)
    ? failure[code as keyof BusinessWords['failure']]
    : sentenceOf(code, sentence);
}

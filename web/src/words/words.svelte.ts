/** The words of the language that is spoken now; whoever reads them in a view is told of a change. */

import { de } from './de.ts';
import { en, type Words } from './en.ts';
import type { Language } from './plural.ts';

const SPOKEN: Readonly<Record<Language, Words>> = { de, en };

export const LANGUAGES: readonly Language[] = ['de', 'en'];

const now = $state<{ language: Language }>({ language: 'en' });

/** The catalogue of the spoken language, or of another one for what is written in it. */
export function words(other: Language = now.language): Words {
  return SPOKEN[other];
}

export function language(): Language {
  return now.language;
}

export function speak(other: Language): void {
  now.language = other;
}

/** The first language of a browser's wishes that we have, else English. */
export function preferred(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    const found = LANGUAGES.find((one) => one === wish.slice(0, 2).toLowerCase());
    if (found !== undefined) {
      return found;
    }
  }
  return 'en';
}

/** The names of the checks of spec/mls.md, of which there are far too many for a sentence each. */
const OF_MLS = /^(?:mls_[a-z_]+|[a-z]+(?:-[a-z]+)+)$/;

/** Our sentence for a failure's code; of an unknown code, the sentence it brought. */
export function sentenceOf(code: string, sentence: string): string {
  const { failure } = words();
  if (Object.hasOwn(failure, code)) {
    return failure[code as keyof Words['failure']];
  }
  return OF_MLS.test(code) ? failure.mls_protocol : sentence || failure.unknown;
}

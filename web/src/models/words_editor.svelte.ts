/** What the house says by itself, while it is edited: the greeting and the away text. */

import type { BusinessView, HouseWords, WordingView } from '../sdk/protocol.ts';
import type { Language } from '../words/plural.ts';
import { LANGUAGES } from '../words/words.svelte.ts';
import type { PlanSide } from './plan.svelte.ts';

export const MOST_CHARACTERS = 1_000;
/** Stands in the away text for the next opening. */
export const OPENS = '{opens}';

const PLACE = /\{[^{}\n]{0,40}\}/g;

export const TEXTS = ['greeting', 'away'] as const;
export type TextName = (typeof TEXTS)[number];

/** `long`: too many characters; `place`: something in braces for which nothing can be put in. */
export type WordsMistake = 'long' | 'place';

export class WordsEditor {
  typed = $state.raw<HouseWords>({ greeting: { de: '', en: '' }, away: { de: '', en: '' } });
  isSaving = $state(false);
  readonly mistakes = $derived.by(() => mistakesIn(this.typed));
  readonly #side: PlanSide;
  #saved = $state('');

  constructor(side: PlanSide, business: BusinessView) {
    this.#side = side;
    this.#begin(business);
  }

  get isChanged(): boolean {
    return JSON.stringify(trimmed(this.typed)) !== this.#saved;
  }

  type(text: TextName, language: Language, words: string): void {
    this.typed = { ...this.typed, [text]: { ...this.typed[text], [language]: words } };
  }

  mistakeIn(text: TextName, language: Language): WordsMistake | undefined {
    return this.mistakes.get(`${text} ${language}`);
  }

  /** The business as it is then; undefined when something is wrong or it was refused. */
  async save(): Promise<BusinessView | undefined> {
    if (this.mistakes.size > 0) {
      return undefined;
    }
    this.isSaving = true;
    const { agent, attempt } = this.#side;
    const saved = await attempt(() => agent.ask('business.setWords', trimmed(this.typed)));
    this.isSaving = false;
    if (saved !== undefined) {
      this.#begin(saved);
    }
    return saved;
  }

  #begin({ greeting, away }: BusinessView): void {
    this.typed = { greeting, away };
    this.#saved = JSON.stringify(trimmed(this.typed));
  }
}

function trimmed({ greeting, away }: HouseWords): HouseWords {
  const trim = ({ de, en }: WordingView): WordingView => ({ de: de.trim(), en: en.trim() });
  return { greeting: trim(greeting), away: trim(away) };
}

function mistakesIn(typed: HouseWords): ReadonlyMap<string, WordsMistake> {
  const mistakes = new Map<string, WordsMistake>();
  for (const text of TEXTS) {
    for (const language of LANGUAGES) {
      const words = typed[text][language].trim();
      const places = text === 'away' ? words.replaceAll(OPENS, '') : words;
      if (Array.from(words).length > MOST_CHARACTERS) {
        mistakes.set(`${text} ${language}`, 'long');
      } else if (places.search(PLACE) >= 0) {
        mistakes.set(`${text} ${language}`, 'place');
      }
    }
  }
  return mistakes;
}

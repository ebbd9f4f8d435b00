/** Sentences that depend on a number, by the rules of a language (CLDR, through Intl). */

export type Language = 'de' | 'en';

/** The forms that German and English have. `#` stands for the number. */
export interface Forms {
  readonly one: string;
  readonly other: string;
}

/** How this language says a number of things. */
export function plurals(language: Language): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, forms) =>
    forms[rules.select(count) === 'one' ? 'one' : 'other'].replace('#', numbers.format(count));
}

/** `Anna, Ben und Cem`, as this language lists them. */
export function lists(language: Language): (parts: readonly string[]) => string {
  const list = new Intl.ListFormat(language, { type: 'conjunction' });
  return (parts) => list.format(parts);
}

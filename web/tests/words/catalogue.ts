/** Every sentence of a catalogue with its place, functions called with what they may be given. */

export interface Sentence {
  readonly path: string;
  readonly text: string;
}

export function sentencesIn(part: unknown, path = ''): readonly Sentence[] {
  if (typeof part === 'string') {
    return [{ path, text: part }];
  }
  if (typeof part === 'function') {
    return [{ path, text: said(part as (...values: unknown[]) => unknown) }];
  }
  if (typeof part === 'object' && part !== null) {
    return Object.entries(part).flatMap(([key, inner]) =>
      sentencesIn(inner, path === '' ? key : `${path}.${key}`),
    );
  }
  return [];
}

/** With texts, or with a list or numbers where texts will not do. */
function said(sentence: (...values: unknown[]) => unknown): string {
  const attempts: readonly (readonly unknown[])[] = [
    [3, 4, 5, 6, 7],
    [['Anna', 'Ben'], 5, 6],
    ['Anna', ['Ben', 'Cem']],
    ['Anna', 'Ben'],
  ];
  for (const values of attempts) {
    try {
      const text = sentence(...values);
      if (typeof text === 'string' && text === text.trim()) {
        return text;
      }
    } catch {
      // Not with these: the next may do.
    }
  }
  return '';
}

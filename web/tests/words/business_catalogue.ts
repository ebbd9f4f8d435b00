/** What every sentence of the business's catalogues must be, whatever its language. */
import { expect } from 'vitest';

import { sentencesIn } from './catalogue.ts';

export function expectWhole(catalogue: unknown): void {
  for (const { path, text } of sentencesIn(catalogue)) {
    const isAway = path === 'agent.away';
    expect(isAway || text.trim() !== '', path).toBe(true);
    expect(text, path).not.toMatch(/undefined|NaN|\[object|"|\.\.\./);
    expect(text, path).toBe(text.trim());
  }
}

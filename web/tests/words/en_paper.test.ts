import { expect, test } from 'vitest';

import { enPaper } from '../../src/words/en_paper.ts';

test('each form has a name and a hint', () => {
  const { forms, hints } = enPaper.paper;
  expect(Object.keys(forms)).toEqual(Object.keys(hints));
});

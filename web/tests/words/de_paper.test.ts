import { expect, test } from 'vitest';

import { dePaper } from '../../src/words/de_paper.ts';
import { enPaper } from '../../src/words/en_paper.ts';

test('papers promise as much in German as in English', () => {
  expect(dePaper.paper.promises).toHaveLength(enPaper.paper.promises.length);
  expect(dePaper.paper.promises).not.toEqual(enPaper.paper.promises);
});

import { expect, test } from 'vitest';

import { fileKindOf } from '../../src/base/file_kind.ts';

test.each([
  [{ mediaType: 'audio/webm', durationMs: 1200 }, 'voice'],
  [{ mediaType: 'audio/webm', durationMs: 0 }, 'voice'],
  [{ mediaType: 'audio/mpeg' }, 'file'],
  [{ mediaType: 'image/png' }, 'picture'],
  [{ mediaType: 'image/avif' }, 'picture'],
  [{ mediaType: 'image/svg+xml' }, 'file'],
  [{ mediaType: 'image/png; charset=x' }, 'file'],
  [{ mediaType: 'video/mp4', durationMs: 1200 }, 'file'],
  [{ mediaType: '' }, 'file'],
])('%j is a %s', (described, kind) => {
  expect(fileKindOf(described)).toBe(kind);
});

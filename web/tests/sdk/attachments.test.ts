import { expect, test } from 'vitest';

import { attachmentMessage, Facts } from '../../src/content/attachment.ts';
import { textMessage } from '../../src/content/text.ts';
import { attachmentOf } from '../../src/sdk/attachments.ts';
import { anAttachment, aPreview } from './attached.ts';

const SALT = new Uint8Array(16);
const seen = (attachment: ReturnType<typeof anAttachment>) =>
  attachmentOf(attachmentMessage(attachment, { salt: SALT }));

test('what is not said of a file is left out', () => {
  expect(seen(anAttachment())).toEqual({
    name: 'picture.png',
    mediaType: 'image/png',
    sizeBytes: 1000,
  });
});

test('a picture has sides and a preview, a voice note a length and a waveform', () => {
  const picture = new Facts({ width: 40, height: 30 });
  expect(seen(anAttachment({ facts: picture, preview: aPreview() }))).toMatchObject({
    width: 40,
    height: 30,
    preview: Uint8Array.of(1, 2, 3),
  });
  const voice = new Facts({ durationMs: 900, waveform: Uint8Array.of(0, 255), voice: true });
  expect(seen(anAttachment({ facts: voice }))).toMatchObject({
    durationMs: 900,
    waveform: [0, 255],
  });
});

test('a message without a file has none', () => {
  expect(attachmentOf(textMessage('x', { salt: SALT }))).toBeUndefined();
});
